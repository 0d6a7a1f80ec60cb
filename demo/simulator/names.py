"""Invented words. No brand, maker or person here is meant to exist."""

PLACES = (
    ("南屏", "Nanping"), ("听泉", "Tingquan"), ("望川", "Wangchuan"), ("青石", "Qingshi"),
    ("柳荫", "Liuyin"), ("鼓楼", "Gulou"), ("明湖", "Minghu"), ("松坡", "Songpo"),
    ("文昌", "Wenchang"), ("枫桥", "Fengqiao"), ("临江", "Linjiang"), ("石榴", "Shiliu"),
    ("春晖", "Chunhui"), ("永安", "Yong'an"), ("荷塘", "Hetang"), ("长亭", "Changting"),
    ("朝阳", "Chaoyang"), ("梧桐", "Wutong"), ("金水", "Jinshui"), ("书院", "Shuyuan"),
    ("东门", "Dongmen"), ("西苑", "Xiyuan"), ("北渡", "Beidu"), ("南浦", "Nanpu"),
)  # fmt: skip
WAYS = (("路", "Road"), ("街", "Street"), ("巷", "Lane"))
REGIONS = (("东区", "East"), ("西区", "West"), ("南区", "South"), ("北区", "North"))
COMPANY = ("公司", "Company")

MAKERS = ("青屿烟草工业", "南陌烟草工业", "西岭烟草工业", "北汀烟草工业", "澄川烟草工业")
# Brand and its level: the price class its plain variants sit in, 1 dearest.
BRANDS = (
    ("霁月", 1), ("鹿鸣", 1), ("云岭", 2), ("松鹤", 2), ("砚池", 2),
    ("金湖", 3), ("海棠", 3), ("青岚", 3), ("听泉", 3), ("归雁", 3),
    ("枫渡", 4), ("竹隐", 4), ("岚桥", 4), ("晴屿", 5), ("远帆", 5),
)  # fmt: skip
# Variant, format, capsule, steps of price class below (+) or above (-) the brand's level.
VARIANTS = (
    ("经典", "regular", False, 0),
    ("硬", "regular", False, 1),
    ("软", "regular", False, 0),
    ("典藏", "regular", False, -1),
    ("细支", "slim", False, 0),
    ("细支爆珠", "slim", True, -1),
    ("中支", "mid", False, 0),
    ("方寸", "odd", False, 0),
)

# Category → goods, each with a typical price in yuan.
OTHER_GOODS = {
    "饮料": (
        ("山泉水", 2), ("苏打水", 4), ("冰红茶", 4), ("绿茶", 4), ("乌龙茶", 5), ("柠檬茶", 5),
        ("橙汁", 6), ("酸梅汤", 5), ("椰子水", 8), ("罐装咖啡", 6), ("拿铁咖啡", 9),
        ("能量饮料", 7), ("豆奶", 5), ("酸奶", 7), ("可乐味汽水", 3), ("白桃汽水", 5),
        ("凉茶", 5), ("乳酸菌", 6), ("热豆浆", 4), ("电解质水", 6),
    ),
    "零食": (
        ("薯片", 7), ("瓜子", 8), ("花生米", 9), ("牛肉干", 22), ("豆干", 6), ("海苔", 8),
        ("话梅", 7), ("口香糖", 5), ("薄荷糖", 6), ("巧克力", 10), ("曲奇", 12), ("苏打饼干", 7),
        ("辣条", 5), ("坚果包", 16), ("方便面", 6), ("火腿肠", 4), ("卤蛋", 3), ("面包", 8),
        ("蛋黄派", 11), ("烤肠", 5),
    ),
    "打火机": (
        ("一次性打火机", 2), ("防风打火机", 10), ("充气打火机", 15), ("火柴", 1),
        ("打火机油", 12), ("便携烟灰盒", 9), ("桌面烟灰缸", 18), ("打火机礼盒", 48),
    ),
    "日用": (
        ("纸巾", 3), ("湿巾", 6), ("口罩", 8), ("雨伞", 25), ("电池", 9), ("充电线", 19),
        ("漱口水", 16), ("牙刷", 8), ("毛巾", 14), ("洗手液", 13), ("垃圾袋", 7), ("笔记本", 6),
        ("签字笔", 3), ("手机支架", 15), ("一次性杯", 6), ("创可贴", 5),
    ),
    "酒水": (
        ("罐装啤酒", 5), ("精酿啤酒", 12), ("米酒", 15), ("小瓶白酒", 18), ("果酒", 22),
        ("黄酒", 20),
    ),
    "服务": (
        ("手机充值", 30), ("代收快递", 2), ("彩印照片", 4), ("现磨咖啡", 10), ("热关东煮", 8),
        ("充电宝租借", 3), ("雨伞租借", 3), ("公交卡充值", 50), ("打印复印", 1), ("代缴水电", 2),
    ),
}  # fmt: skip

SURNAMES = tuple("王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余")
GIVEN_MALE = tuple("伟强磊军勇涛明超辉鹏杰斌浩宇波宁刚平峰建国志海文东成林安民新")
GIVEN_FEMALE = tuple("芳娜敏静丽艳娟霞秀燕玲桂英慧婷雪梅琳倩颖萍红洁云莹岚月丹晴兰")


def store_name(number: int) -> tuple[str, str]:
    """Chinese and English name of the store with this number, from 0; all differ."""
    turn, place = divmod(number, len(PLACES))
    chain_round = turn // len(WAYS)
    way = WAYS[(turn + place) % len(WAYS)]
    chinese, english = PLACES[place]
    suffix, number_word = ("", "") if not chain_round else (f"{chain_round + 1}号", f" {chain_round + 1}")
    return f"{chinese}{way[0]}{suffix}店", f"{english} {way[1]}{number_word}"
