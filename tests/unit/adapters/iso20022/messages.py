"""Payment messages, invented for the tests: typical by default, each part can be replaced."""

from __future__ import annotations

from collections.abc import Sequence

UETR = "5f0c1a52-7d0e-4f3b-9a61-0d2c4be81f77"

HEADER = """
<GrpHdr>
  <MsgId>HAI-20260302-0001</MsgId>
  <CreDtTm>2026-03-02T10:00:05+08:00</CreDtTm>
  <NbOfTxs>{count}</NbOfTxs>
  {more}
</GrpHdr>"""

SETTLEMENT = """
  <SttlmInf><SttlmMtd>CLRG</SttlmMtd><ClrSys><Prtry>HVPS</Prtry></ClrSys></SttlmInf>
  <InstgAgt><FinInstnId><BICFI>HAITCNBJ</BICFI></FinInstnId></InstgAgt>"""

PACS_PAYMENT = f"""
<CdtTrfTxInf>
  <PmtId>
    <InstrId>I-1</InstrId><EndToEndId>E2E-1</EndToEndId><TxId>T-1</TxId>
    <UETR>{UETR}</UETR>
  </PmtId>
  <PmtTpInf>
    <InstrPrty>HIGH</InstrPrty>
    <LclInstrm><Cd>INST</Cd></LclInstrm>
    <CtgyPurp><Cd>SUPP</Cd></CtgyPurp>
  </PmtTpInf>
  <IntrBkSttlmAmt Ccy="CNY">86000.50</IntrBkSttlmAmt>
  <IntrBkSttlmDt>2026-03-02</IntrBkSttlmDt>
  <AccptncDtTm>2026-03-02T10:00:00.25+08:00</AccptncDtTm>
  <ChrgBr>SLEV</ChrgBr>
  <Dbtr>
    <Nm>海棠花店</Nm>
    <Id><OrgId><Othr><Id>91110000HAITANG01X</Id></Othr></OrgId></Id>
  </Dbtr>
  <DbtrAcct><Id><Othr><Id>A100001</Id></Othr></Id></DbtrAcct>
  <DbtrAgt><FinInstnId><BICFI>HAITCNBJ</BICFI></FinInstnId></DbtrAgt>
  <CdtrAgt><FinInstnId><BICFI>TANGCNSHXXX</BICFI></FinInstnId></CdtrAgt>
  <Cdtr>
    <Nm>Li Si</Nm>
    <Id><PrvtId><Othr><Id>110101199001019990</Id></Othr></PrvtId></Id>
  </Cdtr>
  <CdtrAcct><Id><Othr><Id>B200002</Id></Othr></Id></CdtrAcct>
  <Purp><Cd>GDDS</Cd></Purp>
  <RmtInf><Ustrd>货款</Ustrd><Ustrd>second line</Ustrd></RmtInf>
</CdtTrfTxInf>"""

PAIN_PAYMENT = """
<CdtTrfTxInf>
  <PmtId><InstrId>I-1</InstrId><EndToEndId>E2E-1</EndToEndId></PmtId>
  <Amt><InstdAmt Ccy="EUR">1250.00</InstdAmt></Amt>
  <CdtrAgt><FinInstnId><BIC>TANGDEFF</BIC></FinInstnId></CdtrAgt>
  <Cdtr><Nm>Li Si</Nm></Cdtr>
  <CdtrAcct><Id><IBAN>DE44500105175407324931</IBAN></Id></CdtrAcct>
</CdtTrfTxInf>"""

GROUP = """
<PmtInf>
  <PmtInfId>{name}</PmtInfId>
  <PmtMtd>TRF</PmtMtd>
  <PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>
  <ReqdExctnDt>2026-03-03</ReqdExctnDt>
  <Dbtr><Nm>海棠花店</Nm></Dbtr>
  <DbtrAcct><Id><IBAN>FR7630006000011234567890189</IBAN></Id></DbtrAcct>
  <DbtrAgt><FinInstnId><BIC>HAITFRPP</BIC></FinInstnId></DbtrAgt>
  {payments}
</PmtInf>"""


def pacs008(
    payments: Sequence[str] = (PACS_PAYMENT,), *, version: str = "08", count: int | None = None
) -> bytes:
    """Return a `pacs.008` of these payments."""
    header = HEADER.format(count=len(payments) if count is None else count, more=SETTLEMENT)
    body = f"<FIToFICstmrCdtTrf>{header}{''.join(payments)}</FIToFICstmrCdtTrf>"
    return document(f"pacs.008.001.{version}", body)


def pain001(groups: Sequence[Sequence[str]] = ((PAIN_PAYMENT,),), *, version: str = "03") -> bytes:
    """Return a `pain.001` of these groups of payments."""
    header = HEADER.format(
        count=sum(map(len, groups)), more="<InitgPty><Nm>海棠花店</Nm></InitgPty>"
    )
    told = [
        GROUP.format(name=f"P-{number}", payments="".join(group))
        for number, group in enumerate(groups, start=1)
    ]
    body = f"<CstmrCdtTrfInitn>{header}{''.join(told)}</CstmrCdtTrfInitn>"
    return document(f"pain.001.001.{version}", body)


def document(identifier: str, body: str) -> bytes:
    """Return a whole document in the namespace of a message."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{identifier}">{body}</Document>\n'
    ).encode()


def numbered(payment: str, number: int) -> str:
    """Return a payment with ids of its own."""
    return (
        payment.replace(UETR, f"5f0c1a52-7d0e-4f3b-9a61-{number:012x}")
        .replace("I-1", f"I-{number}")
        .replace("E2E-1", f"E2E-{number}")
        .replace("T-1", f"T-{number}")
    )
