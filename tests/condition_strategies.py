"""Conditions made by hypothesis, over the facts of ``flow_builders.LANGUAGE``."""

from __future__ import annotations

from hypothesis import strategies as st

from ariroute.flow.facts import Scalar

TEXTS = ["gold", "golden", "silver", "", "+46", "+4670", "+47", "\U0010ffff"]
NUMBERS = [-1.0, 0.0, 2.5, 3.0, 10.0, 11.0]
VALUES: list[Scalar] = [None, True, False, *TEXTS, *NUMBERS]

TEXT = st.sampled_from([f'"{text}"' for text in TEXTS])
NUMBER = st.sampled_from(["-1", "0", "2.5", "3", "10", "11.0"])
TEXT_FACT = st.sampled_from(["crm.loyalty", "vip_list.tier", "caller.name"])
NUMBER_FACT = st.sampled_from(["crm.orders"])
FORMS = [
    st.builds("{} {} {}".format, TEXT_FACT, st.sampled_from(["==", "!="]), TEXT),
    st.builds("{} {} {}".format, TEXT, st.sampled_from(["==", "!="]), TEXT_FACT),
    st.builds("{} {} {}".format, NUMBER_FACT, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBER),
    st.builds("{} {} {}".format, NUMBER, st.sampled_from(["<", "<=", ">", ">="]), NUMBER_FACT),
    st.builds("{} in [{}, {}]".format, TEXT_FACT, TEXT, TEXT),
    st.builds("{} in [{}, {}]".format, NUMBER_FACT, NUMBER, NUMBER),
    st.builds("prefix({}, [{}, {}])".format, TEXT_FACT, TEXT, TEXT),
    st.builds("{}.startsWith({})".format, TEXT_FACT, TEXT),
    st.sampled_from(["crm.vip", "crm.vip == true", "crm.vip != true", "true", "false", "1 == 1", '"a" == "b"']),
    st.sampled_from(["crm.loyalty == null", "crm.orders != null", 'crm.loyalty.contains("o")', 'open("office")']),
    st.sampled_from(["has(crm.loyalty)", "crm.loyalty == vip_list.tier", "vars.count > 3", "vars.level == true"]),
    st.sampled_from(['outcome.crm == "failed"', 'outcome.crm != "found"', 'crm.loyalty < "h"', "vars.level"]),
]
CONDITION = st.recursive(
    st.one_of(FORMS),
    lambda inner: st.one_of(
        inner.map("!({})".format),
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
    ),
    max_leaves=5,
).filter(lambda text: text != "vars.level")
