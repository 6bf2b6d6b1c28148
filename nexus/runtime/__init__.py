"""What keeps a process running, and what it reports.

- `supervision`: tasks that should never end
- `upkeep`: regular work on the database
- `batch_loader`: one query for many requests
- `metrics`: figures for Prometheus
- `logs`: the format of the log; `log_throttle` keeps a warning from repeating itself
- `processes`: whether a process is there
"""
