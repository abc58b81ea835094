"""Texts of `haitang check`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "check.help": (
        """Read a pack, report everything that is wrong with it at once, and run the tests of its
policies both ways: those that must fire and those that must not.

PACK is the folder that holds pack.yaml. A problem names file, line and column and
says what was meant perhaps. With --write-lock the versions of all policies are
written to LOCK; from then on a policy that changes without a new version is refused.

Exit codes: 0 all is well, 3 the pack was refused, 4 a policy test failed.""",
        """读取策略包，一次报告所有问题，并双向运行策略测试：应当命中的和不应命中的。

PACK 是 pack.yaml 所在的目录。每个问题都指出文件、行、列，并提示可能的本意。使用
--write-lock 把全部策略的版本写入 LOCK；此后策略内容有改动而版本未变即被拒绝。

退出码：0 一切正常，3 策略包被拒，4 有策略测试失败。""",
    ),
    "check.examples": (
        """haitang check packs/retail
haitang check packs/retail --no-tests          only read it
haitang check packs/retail --write-lock        accept the policies as they are now""",
        """haitang check packs/retail
haitang check packs/retail --no-tests          只读取检查
haitang check packs/retail --write-lock        认可策略的当前版本""",
    ),
    "check.option.write_lock": (
        "Write LOCK with the versions of all policies as they are now.",
        "把全部策略的当前版本写入 LOCK。",
    ),
    "check.option.tests": (
        "Run the tests of the policies; default yes.",
        "运行策略测试；默认运行。",
    ),
    "check.title": ("Pack {pack} {version}: {title}", "策略包 {pack} {version}：{title}"),
    "check.digest": ("content digest {digest}", "内容摘要 {digest}"),
    "check.policies": ("policies", "策略"),
    "check.status_count": ("{status} {count}", "{status} {count}"),
    "check.status.draft": ("draft", "草稿"),
    "check.status.shadow": ("shadow", "影子"),
    "check.status.live": ("live", "生效"),
    "check.status.retired": ("retired", "退役"),
    "check.typologies": ("typologies", "风险类型"),
    "check.typologies_said": ("{count}: {names}", "{count} 种：{names}"),
    "check.features": ("features", "指标"),
    "check.features_said": (
        "{total} ({windows} windows, {lifetime} over a life, {derived} derived)",
        "{total} 个（窗口 {windows}，终身 {lifetime}，派生 {derived}）",
    ),
    "check.entities": ("entities", "实体"),
    "check.models": ("models", "模型"),
    "check.lists": ("lists", "名单"),
    "check.list_said": ("{name} {count}", "{name} {count} 条"),
    "check.fields": ("event fields read", "读取的事件字段"),
    "check.none": ("none", "无"),
    "check.tests_passed": (
        "policy tests: all {count} passed ({fire} fire, {quiet} stay quiet)",
        "策略测试：{count} 个全部通过（应命中 {fire}，应不命中 {quiet}）",
    ),
    "check.tests_failed": (
        "policy tests: {failed} of {count} failed",
        "策略测试：{count} 个中有 {failed} 个失败",
    ),
    "check.test_should_fire": ("should have fired, did not", "应当命中，却没有命中"),
    "check.test_should_not": ("should have stayed quiet, fired", "不应命中，却命中了"),
    "check.test_refused": ("the test's events were refused", "测试中的事件被拒"),
    "check.test_values": ("values on the last event:", "最后一个事件上的值："),
    "check.untested": (
        "not tested both ways: {names}",
        "没有双向测试：{names}",
    ),
    "check.times": (
        "read {read} ms, compiled {compiled} ms, tested {tested} ms",
        "读取 {read} 毫秒，编译 {compiled} 毫秒，测试 {tested} 毫秒",
    ),
    "check.lock_written": ("written: {path}", "已写出：{path}"),
    "check.next": (
        "next: `haitang replay EVENTS --pack {path} --decisions decisions.jsonl`",
        "下一步：`haitang replay EVENTS --pack {path} --decisions decisions.jsonl`",
    ),
}
