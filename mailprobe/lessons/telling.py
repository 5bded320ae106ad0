"""What is said around a lesson, in both languages: who does not read one reads the other.

Rows for a terminal of a certain width.  No terminal is known here, and no colour: each line has
the name of its style.
"""

from collections.abc import Callable, Iterator, Sequence

from mailprobe.explain.languages import tongues
from mailprobe.explain.model import Text
from mailprobe.lessons.words import Words
from mailprobe.render.rows import wrapped
from mailprobe.value import frozen

# Those of ours.  `{}` is filled in.
LESSON = Text("Lesson {}: {}", "课程 {}：{}")
STEP = Text("Step {} of {}: {}", "第 {} 步，共 {} 步：{}")
STEP_DONE = Text("Step {} of {} is done.", "第 {} 步（共 {} 步）完成。")
STEP_SKIPPED = Text("Step {} of {} was done for you.", "第 {} 步（共 {} 步）已替你做完。")
STEP_LEFT = Text(
    "Step {} of {} was left out: from here it could not be done for you.",
    "第 {} 步（共 {} 步）跳过了：从这里无法替你做完。",
)
MISTAKE = Text("Not yet: {}", "还不对：{}")
STRAY = Text(
    "That is not what this step waits for: /hint helps, /task shows it again.",
    "这一步等的不是它：/hint 给提示，/task 再看一遍任务。",
)
MEANS = Text("  {}: {}", "  {}：{}")
WIDE = Text(
    "\u201c{}\u201d is not what the server reads: switch the keyboard to English, and type the "
    "line again.",
    "这一行里有全角或中文标点“{}”，服务器不认识：把输入法切换到英文，再输入一次。",
)
UNMET = Text("Not yet: this must hold: {}", "还没完成：必须满足 {}")
CLOSED = Text(
    "The connection is closed: /connect opens it again, /reset begins the lesson anew.",
    "连接已断开：/connect 重新连上，/reset 从头开始这一课。",
)
HINT = Text("Hint {} of {}: {}", "提示 {}/{}：{}")
TYPE = Text("type {}", "输入 {}")
TYPE_LINES = Text("type these lines:", "输入下面几行：")
OPEN_IT = Text("open the connection: {}", "打开连接：{}")
WAIT = Text("wait for what the server says: {}", "等服务器说话：{}")
END_IT = Text("cut the connection: {}", "断开连接：{}")
OTHER_SESSION = Text("(to session {}: /use {} goes there)", "（发给会话 {}：先 /use {}）")
NOT_HEARD = Text(
    "The lesson does not hear this session: /use {} goes back to its own.",
    "这一课不听这个会话：/use {} 回到原来的会话。",
)
NO_HINT = Text("There is nothing to be done any more.", "没有要做的了。")
ONCE_MORE = Text("First say once more:", "先重新输入：")
SOLUTION = Text(
    "The rest of this step; /solution go types it for you:",
    "这一步剩下的内容；/solution go 会替你输入：",
)
FINISHED = Text("Lesson {} is done: {}.", "课程 {} 完成：{}。")
FINISHED_SKIPPED = Text("Lesson {} is over: {}.", "课程 {} 结束：{}。")
NEXT = Text("next: mailprobe learn {}", "下一课：mailprobe learn {}")
ALL_DONE = Text("every lesson is done", "全部课程都完成了")
LEAVE = Text("/quit leaves; try what you like.", "/quit 离开；也可以随便试试。")
HELP = Text(
    "/hint helps, /task shows the task again, /skip goes on, /quit leaves.",
    "/hint 提示，/task 再看任务，/skip 跳过这一步，/quit 离开。",
)
NEEDS = Text("It builds upon {}.", "建议先学 {}。")
LEFT = Text(
    "Lesson {}: {} of {} steps are done; mailprobe learn {} begins it again.",
    "课程 {}：{}/{} 步完成；mailprobe learn {} 重新开始。",
)
RESET = Text("A fresh server, and the first step again.", "换上新的服务器，从第一步重新开始。")
NOTHING_DONE = Text("you have to go on by yourself from here", "从这里起请自己继续")
STEPS = Text("{} steps", "{} 步")
HINTS = Text("hints {}", "提示 {}")
MISTAKES = Text("mistakes {}", "错误 {}")
SKIPPED = Text("skipped {}", "跳过 {}")
TIME = Text("{}", "用时 {}")
STATES = {
    "done": Text("done", "完成"),
    "skipped": Text("over", "结束"),
    "begun": Text("begun", "进行中"),
    "new": Text("", ""),
}
_CHINESE = "\u3000、。《》〈〉“”‘’"  # what keys for blank / . < > " ' give there
_BLANK = "␣"


@frozen
class Row:
    """A line, and the style in which it is shown."""

    style: str
    text: str


class Voice:
    """Speaks one language, or both; `columns` tells how wide the terminal is, 0: nobody knows."""

    def __init__(self, language: str, columns: Callable[[], int]) -> None:
        self.language = language
        self._columns = columns

    @property
    def languages(self) -> Sequence[str]:
        """Those in which each thing is said, one after the other."""
        return tongues(self.language)

    def say(self, text: Text, *values: object, style: str = "", indent: int = 2) -> Iterator[Row]:
        """A sentence of ours.  A value that is `Words` or Text is said in the same language."""
        told: list[str] = []
        for language in self.languages:
            filled = [_in(value, language) for value in values]
            sentence = text.said(language)[0].format(*filled)
            if sentence not in told:
                told.append(sentence)
                yield from self.rows(sentence, style=style, indent=indent)

    def tell(self, words: Words, *, style: str = "", lead: str = "  ") -> Iterator[Row]:
        """Lines of the lesson."""
        for line in words.said(self.language):
            yield from self.rows(lead + line, style=style, indent=len(lead))

    def rows(self, sentence: str, *, style: str = "", indent: int = 2) -> Iterator[Row]:
        """A sentence, broken where the terminal is narrow."""
        lead = sentence[: len(sentence) - len(sentence.lstrip(" "))]
        columns = self._columns()
        room = max(0, columns - len(lead)) if columns else 0
        text = wrapped(sentence.lstrip(" "), room, indent=max(0, indent - len(lead)))
        for row in text.split("\n"):
            yield Row(style, (lead + row).rstrip())


def _in(value: object, language: str) -> object:
    match value:
        case Words():
            return " ".join(value.said(language))
        case Text():
            return value.said(language)[0]
        case _:
            return value


def wide_in(line: bytes) -> str:
    """The punctuation and letters of a Chinese keyboard in a line, each once."""
    text = line.decode("utf-8", errors="ignore")
    wide = (one for one in text if "\uff01" <= one <= "\uff5e" or one in _CHINESE)
    return "".join(dict.fromkeys(wide)).replace("\u3000", _BLANK)


def filled(text: Text, *values: object) -> Text:
    """A sentence with what stands in the places of `{}` in both languages."""
    return Text(text.en.format(*values), text.zh.format(*values))


def duration(seconds: float) -> Text:
    """How long something took, for people."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return Text(f"{rest} s", f"{rest} 秒")
    return Text(f"{minutes} min {rest} s", f"{minutes} 分 {rest} 秒")
