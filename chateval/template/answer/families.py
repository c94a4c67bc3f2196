"""The formats that are known, as data, family by family: how reasoning and tool calls are marked.

A format that is not here is added by a row of `THINKING` or `CALLS`; only a new shape of arguments needs code.
"""

from collections.abc import Mapping

from chateval.template.answer.formats import CallFormat, Thinking

_NAME = r"(?P<name>[^\s<>{}()\[\]\"'=,|]{1,256}+)"
_QUOTED = r"(?P<name>[^\"<>\n]{1,256}+)\"[^<>\n]{0,256}+>"

THINKING: tuple[Thinking, ...] = (
    Thinking("<think>", "</think>"),
    Thinking("[THINK]", "[/THINK]"),
    Thinking("<|START_THINKING|>", "<|END_THINKING|>"),
    Thinking("<seed:think>", "</seed:think>"),
    Thinking("<mm:think>", "</mm:think>"),
    Thinking("<|channel>thought\n", "<channel|>"),
    Thinking("<|open|>think<|sep|>", "<|close|>think<|sep|>", signature="<|open|>"),
    Thinking("<|inner_prefix|>", "<|inner_suffix|>"),
    Thinking("Here are my reasoning steps:\n", "[BEGIN FINAL RESPONSE]"),
    Thinking("Here is my thought process:", "Here is my response:"),
    Thinking("◁think▷", "◁/think▷"),
    Thinking("<thought>", "</thought>"),
)

CALLS: tuple[CallFormat, ...] = (
    CallFormat(
        name="function-tags",  # Qwen3-Coder, Qwen3.5, Nemotron 3, StepFun
        shape="tagged",
        signature=("<function=", "<parameter="),
        opens="<function=",
        head=_NAME + r">",
        argument=r"\s*+<parameter=(?P<name>[^<>\n]{1,256}+)>",
        argument_closes="</parameter>",
        closes="</function>",
        around=("<tool_call>", "</tool_call>", "<seed:tool_call>", "</seed:tool_call>"),
    ),
    CallFormat(
        name="argument-pairs",  # GLM 4.5 and later, Ling
        shape="tagged",
        signature=("<arg_key>", "<arg_value>"),
        opens="<tool_call>",
        head=r"\s*+" + _NAME,
        argument=r"\s*+<arg_key>(?P<name>[^<>\n]{1,256}+)</arg_key>\s*+<arg_value>",
        argument_closes="</arg_value>",
        closes="</tool_call>",
    ),
    CallFormat(
        name="minimax-nested",  # MiniMax-M3
        shape="tagged",
        signature=("]<]minimax[>[",),
        opens=']<]minimax[>[<invoke name="',
        head=_QUOTED,
        argument=r"\s*+\]<\]minimax\[>\[<(?P<name>[^<>/\n]{1,256}+)>",
        argument_closes="]<]minimax[>[</{name}>",
        argument_mark="]<]minimax[>[",
        closes="]<]minimax[>[</invoke>",
        around=("]<]minimax[>[<tool_call>", "]<]minimax[>[</tool_call>"),
    ),
    CallFormat(
        name="invoke-tags",  # MiniMax-M2
        shape="tagged",
        signature=("<invoke", "<parameter"),
        opens='<invoke name="',
        head=_QUOTED,
        argument=r"\s*+<parameter name=\"" + _QUOTED,
        argument_closes="</parameter>",
        closes="</invoke>",
        around=("<minimax:tool_call>", "</minimax:tool_call>", "<function_calls>", "</function_calls>"),
    ),
    CallFormat(
        name="atem-tags",  # Muse
        shape="tagged",
        signature=("<atem:invoke", "<atem:parameter"),
        opens='<atem:invoke name="',
        head=_QUOTED,
        argument=r"\s*+<atem:parameter name=\"" + _QUOTED,
        argument_closes="</atem:parameter>",
        closes="</atem:invoke>",
        around=("<atem:function_calls>", "</atem:function_calls>"),
    ),
    CallFormat(
        name="dsml",  # DeepSeek V3.2 and V4
        shape="tagged",
        signature=("DSML", "invoke"),
        opens='<｜DSML｜invoke name="',
        head=_QUOTED,
        argument=r"\s*+<｜DSML｜parameter name=\"(?P<name>[^\"<>\n]{1,256}+)\""
        r"(?: string=\"(?:(?P<text>true)|false)\")?>",
        argument_closes="</｜DSML｜parameter>",
        closes="</｜DSML｜invoke>",
        around=(
            "<｜DSML｜function_calls>",
            "</｜DSML｜function_calls>",
            "<｜DSML｜tool_calls>",
            "</｜DSML｜tool_calls>",
        ),
    ),
    CallFormat(
        name="function-param",  # MiniCPM5
        shape="tagged",
        signature=("<function", "<param", "</param>"),
        opens='<function name="',
        head=_QUOTED,
        argument=r"\s*+<param name=\"" + _QUOTED,
        argument_closes="</param>",
        closes="</function>",
        around=("<tool_call>", "</tool_call>", "<tool_sep>"),
    ),
    CallFormat(
        name="open-close",  # Kimi K3
        shape="tagged",
        signature=("<|open|>", "<|close|>", "<|sep|>"),
        opens='<|open|>call tool="',
        head=r"(?P<name>[^\"<>\n]{1,256}+)\"[^<>\n]{0,256}+<\|sep\|>",
        argument=r"\s*+<\|open\|>argument key=\"(?P<name>[^\"<>\n]{1,256}+)\""
        r"(?: type=\"(?:(?P<text>string)|\w{1,32}+)\")?<\|sep\|>",
        argument_closes="<|close|>argument<|sep|>",
        closes="<|close|>call<|sep|>",
        around=("<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),
    ),
    CallFormat(
        name="mistral-args",  # Mistral v11 (with an id) and v13
        shape="named",
        signature=("[TOOL_CALLS]", "[ARGS]"),
        opens="[TOOL_CALLS]",
        head=r"\s*+(?P<name>[^\s\[\]{}]{1,256}+)\s*+(?:\[CALL_ID\]\s*+(?P<id>[^\s\[\]{}]{1,64}+)\s*+)?\[ARGS\]",
    ),
    CallFormat(
        name="mistral-list",  # Mistral v2 to v7
        shape="json",
        signature=("[TOOL_CALLS]",),
        opens="[TOOL_CALLS]",
    ),
    CallFormat(
        name="deepseek-fence",  # DeepSeek V3 and R1
        shape="named",
        signature=("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "```json"),
        opens="<｜tool▁call▁begin｜>",
        head=r"\s*+function<｜tool▁sep｜>(?P<name>[^\s<>{}]{1,256}+)\s*+```json",
        closes="<｜tool▁call▁end｜>",
        around=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
    ),
    CallFormat(
        name="deepseek-plain",  # DeepSeek V3.1
        shape="named",
        signature=("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>"),
        opens="<｜tool▁call▁begin｜>",
        head=r"\s*+(?P<name>[^\s<>{}]{1,256}+)<｜tool▁sep｜>",
        closes="<｜tool▁call▁end｜>",
        around=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
    ),
    CallFormat(
        name="kimi-section",  # Kimi K2
        shape="named",
        signature=("<|tool_call_begin|>", "<|tool_call_argument_begin|>"),
        opens="<|tool_call_begin|>",
        head=r"\s*+(?P<id>(?:functions\.)?(?P<name>[\w.\-]{1,256}?):\d{1,9}+)\s*+<\|tool_call_argument_begin\|>",
        closes="<|tool_call_end|>",
        around=("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    ),
    CallFormat(
        name="command-r-action",  # Command R7B, Command A
        shape="json",
        signature=("<|START_ACTION|>",),
        opens="<|START_ACTION|>",
        closes="<|END_ACTION|>",
    ),
    CallFormat(
        name="command-r-fence",  # Command R, Command R+
        shape="json",
        signature=("Action:", "tool_name"),
        opens="Action:",
    ),
    CallFormat(
        name="gemma-literal",  # Gemma 4
        shape="literal",
        signature=("<|tool_call>", "call:"),
        opens="<|tool_call>",
        head=r"\s*+call:(?P<name>[^\s{}<>]{1,256}+)",
        quote='<|"|>',
        closes="<tool_call|>",
    ),
    CallFormat(
        name="functiongemma",
        shape="literal",
        signature=("<start_function_call>",),
        opens="<start_function_call>",
        head=r"\s*+call:(?P<name>[^\s{}<>]{1,256}+)",
        quote="<escape>",
        closes="<end_function_call>",
    ),
    CallFormat(
        name="lfm2",
        shape="pythonic",
        signature=("<|tool_call_start|>",),
        opens="<|tool_call_start|>",
        closes="<|tool_call_end|>",
    ),
    CallFormat(
        name="lfm2",
        shape="pythonic",
        signature=("<|tool_list_start|>",),
        opens="<|tool_call_start|>",
        closes="<|tool_call_end|>",
    ),
    CallFormat(
        name="llama4-marked",
        shape="pythonic",
        signature=("<|header_start|>", "<|python_start|>"),
        opens="<|python_start|>",
        closes="<|python_end|>",
    ),
    CallFormat(
        name="llama4",  # as Meta's page writes calls; the Hub's template writes llama4-json
        shape="pythonic",
        signature=("<|header_start|>",),
    ),
    CallFormat(
        name="llama4-json",
        shape="json",
        signature=("<|header_start|>",),
    ),
    CallFormat(
        name="apertus",
        shape="json",
        signature=("<|tools_prefix|>",),
        opens="<|tools_prefix|>",
        closes="<|tools_suffix|>",
    ),
    CallFormat(
        name="nemotron-list",  # Nemotron Nano 2
        shape="json",
        signature=("<TOOLCALL>",),
        opens="<TOOLCALL>",
        closes="</TOOLCALL>",
    ),
    CallFormat(
        name="apriel",
        shape="json",
        signature=("<tool_calls>",),
        opens="<tool_calls>",
        closes="</tool_calls>",
    ),
    CallFormat(
        name="gigachat-token",  # GigaChat 3.1
        shape="json",
        signature=("<|function_call|>",),
        opens="<|function_call|>",
    ),
    CallFormat(
        name="gigachat-role",  # GigaChat 3
        shape="json",
        signature=("function call", "<|role_sep|>"),
        opens="function call<|role_sep|>",
        around=("<|message_sep|>",),
    ),
    CallFormat(
        name="granite-token",  # Granite 3
        shape="json",
        signature=("<|tool_call|>",),
        opens="<|tool_call|>",
        closes="<|/tool_call|>",
    ),
    CallFormat(
        name="hermes",  # Hermes, Qwen 2.5 and 3, Granite 4, SmolLM3
        shape="json",
        signature=("<tool_call>",),
        opens="<tool_call>",
        closes="</tool_call>",
    ),
    CallFormat(
        name="functools",  # Firefunction, Phi-4-mini
        shape="json",
        signature=("functools",),
        opens="functools",
    ),
    CallFormat(
        name="functionary",
        shape="named",
        signature=(">>>", "recipient"),
        opens=">>>",
        head=r"(?!all\n)(?P<name>[\w.\-]{1,256}+)\n(?=\s*+\{)",
        may_start=True,
    ),
    CallFormat(
        name="llama-function",  # Llama 3.1's user-defined functions, Functionary 3.1
        shape="named",
        signature=("<function=", "</function>"),
        opens="<function=",
        head=_NAME + r">",
        closes="</function>",
    ),
    CallFormat(
        name="llama-python-tag",
        shape="pythonic",
        signature=("<|python_tag|>",),
        opens="<|python_tag|>",
    ),
    CallFormat(
        name="llama-json",  # Llama 3.1 to 3.3
        shape="json",
        signature=("<|start_header_id|>", '"parameters"'),
    ),
)

WRAPPERS: Mapping[str, tuple[str, ...]] = {
    "<|START_RESPONSE|>": ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    "<|START_TEXT|>": ("<|START_TEXT|>", "<|END_TEXT|>"),
    "<|CHATBOT_TOKEN|>": ("<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>"),
    "<|open|>": ("<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>"),
    ">>>all\n": (">>>all\n",),
}
"""Marks around content, by a text that a chat template with them holds."""

ENDS: tuple[str, ...] = (
    "<|im_end|>",
    "</s>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<|eom|>",
    "<end_of_turn>",
    "<turn|>",
    "<|end|>",
    "<|endoftext|>",
    "<｜end▁of▁sentence｜>",
    "<|END_OF_TURN_TOKEN|>",
    "<|end_of_text|>",
    "<|end_of_msg|>",
    "<|role_end|>",
    "<|message_sep|>",
    "<|assistant_end|>",
    "<seed:eos>",
    "<SPECIAL_12>",
    "<sep>",
)
"""Marks of the end of a turn; those that a chat template holds are looked for. A tokenizer may have others."""
