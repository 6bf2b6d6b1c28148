"""What the polls of the pictures say, in a language that is written from the left, and in one from the right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """A question with some options, and what is long."""

    question: str
    options: tuple[str, ...]
    description: str
    long_question: str
    long_options: tuple[str, ...]
    questions: tuple[str, ...]
    """More of them, with the same options: a list tells polls apart."""

    def some(self, number: int) -> list[str]:
        """So many options, no two alike."""
        return [self.options[n] if n < len(self.options) else f"{self.options[n % 7]} {n + 1}" for n in range(number)]


TEXTS = {
    "en": Texts(
        "Where should our next team trip go?",
        ("Lisbon", "Copenhagen", "A cabin by the lake", "Rome", "Kraków", "Stay in town", "The Scottish Highlands"),
        "Three days in May, by train where that takes less than eight hours.\nPrices: https://trips.example/may",
        "Which of the following topics should the working group on accessibility and internationalisation take up "
        "first, given that there is time for one of them before the summer, and that the others may follow in autumn?",
        (
            "Kubernetes basics",
            "Keyboard operation of every dialog, menu and table in the administration, with a test for each of them",
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
            "Right-to-left scripts",
            "Plain language",
        ),
        (
            "Rome?",
            "Which of these would you travel to without ever taking a plane, if the journey were paid for and its days "
            "did not count as leave?",
            "Where do we meet in autumn?",
            "Which city has the best coffee?",
        ),
    ),
    "ar": Texts(
        "إلى أين تكون رحلة الفريق القادمة؟",
        ("لشبونة", "كوبنهاغن", "كوخ على ضفة البحيرة", "روما", "كراكوف", "البقاء في المدينة", "مرتفعات اسكتلندا"),
        "ثلاثة أيام في شهر مايو، بالقطار حيث تقل المدة عن ثماني ساعات.\nالأسعار: https://trips.example/may",
        "أي من الموضوعات التالية ينبغي أن يتناوله فريق العمل المعني بإمكانية الوصول والتدويل أولاً، "
        "علماً بأن الوقت لا يكفي إلا لواحد منها قبل العطلة الصيفية، وأن البقية قد تأتي في الخريف؟",
        (
            "أساسيات Kubernetes",
            "تشغيل كل مربع حوار وقائمة وجدول في الإدارة بلوحة المفاتيح وحدها، مع اختبار لكل منها",
            "الكتابة من اليمين إلى اليسار",
            "اللغة الواضحة",
            "الألوان والتباين",
        ),
        (
            "روما؟",
            "إلى أي من هذه الأماكن تسافر دون أن تركب الطائرة أبداً، لو كانت الرحلة مدفوعة التكاليف "
            "ولا تُحسب أيامها من الإجازة؟",
            "أين نلتقي في الخريف؟",
            "أي مدينة تقدّم أفضل قهوة؟",
        ),
    ),
}
