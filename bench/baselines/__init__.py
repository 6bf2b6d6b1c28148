"""What Nexus is compared with in the same run: the least that each job can cost."""
