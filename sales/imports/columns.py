"""The columns of a file of sales, one row per line, by the names tills and shop systems give them."""

from django.utils.translation import gettext_lazy as _

from organization.imports.columns import YES_NO, Column

SALES = (
    Column(
        "store",
        _("Store"),
        ("license_code", "licence_number", "tobaccoLicense", "许可证号", "门店编码", "store_id", "store"),
        True,
    ),
    Column(
        "number",
        _("Receipt number"),
        ("clientorderid", "receipt_no", "receipt_number", "销售单ID", "单号", "小票号", "流水号"),
        True,
    ),
    Column(
        "moment",
        _("Date and time"),
        ("inputtime", "sold_at", "date", "成交日期", "销售时间", "销售日期"),
        True,
        holds="moment",
    ),
    Column("time", _("Time"), ("sold_time", "成交时间"), holds="time"),
    Column("business_day", _("Business day"), ("bizdate", "业务日期"), holds="day"),
    Column("till", _("Till"), ("PosNo", "pos_no", "register_id", "收银台号", "收银台")),
    Column("clerk", _("Clerk"), ("cashier", "收银员")),
    Column(
        "channel",
        _("Channel"),
        ("渠道",),
        choices=(
            ("counter", _("counter")),
            ("online", _("online")),
            ("group", _("group order")),
            ("delivery", _("delivery")),
            ("distribution", _("distribution")),
        ),
    ),
    Column("card", _("Member (card number)"), ("consumersid", "card_no", "消费者标识", "会员卡号")),
    Column("phone", _("Member (phone)"), ("mobilephone", "mobile", "消费者手机", "会员手机")),
    Column("line", _("Line number"), ("line_no", "行号"), holds="number", digits=0),
    Column("barcode", _("Product (barcode)"), ("dtl_barcode", "upc", "商品条码", "条码"), True),
    Column("product_name", _("Product name"), ("dtl_goodsname", "商品名称")),
    Column("is_tobacco", _("Tobacco"), ("dtl_istobacco", "是否卷烟"), choices=YES_NO),
    Column(
        "unit",
        _("Unit"),
        ("dtl_unitid", "单位", "销售单位"),
        choices=(("carton", _("carton")), ("pack", _("pack"))),
    ),
    Column("quantity", _("Quantity"), ("dtl_quantity", "qty", "数量"), True, holds="number", digits=3),
    Column("price", _("Price"), ("dtl_saleprice", "价格", "单价"), holds="number"),
    Column("buy_price", _("Buy price"), ("dtl_buyprice", "购进价"), holds="number"),
    Column("discount", _("Discount"), ("dtl_discount", "优惠金额"), holds="number"),
    Column("discount_account", _("Discount by the account"), (), holds="number"),
    Column("discount_manufacturer", _("Discount by the manufacturer"), ("厂家优惠",), holds="number"),
    Column("discount_coupon", _("Discount by a coupon"), ("优惠券金额",), holds="number"),
    Column("discount_multipack", _("Discount for several packs"), ("多包优惠",), holds="number"),
    Column("amount", _("Amount"), ("dtl_amount", "金额"), True, holds="number"),
    Column("tender", _("Tender"), ("paydtl_fund_channel", "payment", "支付方式")),
    Column(
        "total", _("Total"), ("receipt_amount", "receipt_total", "实收金额", "total_amount"), holds="number"
    ),
    Column(
        "trade_type",
        _("Sale or return"),
        ("交易类型",),
        choices=(("sale", _("sale")), ("return", _("return")), ("void", _("void or training"))),
    ),
    Column("original", _("Original receipt"), ("original_orderid", "original_receipt_no", "原单号")),
)

# Who gives a discount.
PAYERS = ("discount_account", "discount_manufacturer", "discount_coupon", "discount_multipack")
CHANNELS = {
    "": 1, "1": 1, "counter": 1, "store": 1, "门店": 1, "柜台": 1, "2": 2, "online": 2, "网店": 2, "商城": 2,
    "3": 3, "group": 3, "团购": 3, "4": 4, "delivery": 4, "外送": 4, "配送": 4,
    "5": 5, "distribution": 5, "分销": 5,
}  # fmt: skip
SALE, RETURN, VOID = 0, 1, 2
TRADE_TYPES = {
    "": SALE, "0": SALE, "sale": SALE, "销售": SALE, "1": RETURN, "return": RETURN, "退货": RETURN,
    "void": VOID, "作废": VOID, "training": VOID, "培训": VOID,
}  # fmt: skip
CARTON_UNITS = ("条", "carton", "CARTON")
TENDERS = {
    "1": "cash", "CASH": "cash", "现金": "cash", "2": "member_card", "会员卡": "member_card", "3": "wechat",
    "WEIXIN": "wechat", "微信": "wechat", "4": "alipay", "ALIPAY": "alipay", "支付宝": "alipay",
    "CREDITCADE": "card", "CREDITCARD": "card", "银行卡": "card", "JFEXCHANGE": "points", "积分": "points",
}  # fmt: skip
