//! What people say in `kefu dev seed`: by topic, in English and in Chinese. `{order}`, `{product}`, `{city}`,
//! `{name}` and `{n}` are filled in.

/// What a conversation can be about.
pub struct Topic {
    /// What agents tag it with.
    pub tag: &'static str,
    /// In English and in Chinese.
    pub talk: [Talk; 2],
}

/// What is said about it.
pub struct Talk {
    /// How a customer begins.
    pub asks: &'static [&'static str],
    /// How an agent answers.
    pub answers: &'static [&'static str],
    /// What the customer says to that.
    pub goes_on: &'static [&'static str],
}

/// What is said whatever it is about.
pub struct Manners {
    /// How an agent begins.
    pub greets: &'static [&'static str],
    /// In the middle, by the customer.
    pub fills: &'static [&'static str],
    /// In the middle, by the agent.
    pub explains: &'static [&'static str],
    /// At the end, by the customer.
    pub thanks: &'static [&'static str],
    /// At the end, by the agent.
    pub wishes: &'static [&'static str],
    /// For colleagues.
    pub notes: &'static [&'static str],
    /// With a rating of 4 or 5, and with a lower one.
    pub comments: [&'static [&'static str]; 2],
    /// First names or whole names.
    pub names: &'static [&'static str],
    /// What is sold.
    pub products: &'static [&'static str],
    /// Where to.
    pub cities: &'static [&'static str],
}

/// In English and in Chinese.
pub const MANNERS: [Manners; 2] = [
    Manners {
        greets: &[
            "Hello {name}, I am looking into it.",
            "Hi, thank you for writing. One moment please.",
            "Good day! Let me check that for you.",
            "Thanks for your patience, {name}.",
        ],
        fills: &[
            "Are you still there?",
            "I see. How long will that take?",
            "It is the one with number {order}.",
            "I already wrote you an e-mail about it, too 🙂",
            "ok",
            "Could you check again, please? It says 100% on my side.",
        ],
        explains: &[
            "I have just spoken with the warehouse in {city}.",
            "That takes about {n} working days.",
            "Could you tell me the order number, please?",
            "I see the order {order} here, that helps.",
            "Our system shows it as confirmed.",
            "May I ask you to try it once more?",
        ],
        thanks: &[
            "Thank you very much, that helped!",
            "Great, thanks 👍",
            "Perfect. Have a nice day!",
            "All right, I will wait then.",
        ],
        wishes: &[
            "You are welcome. Have a nice day!",
            "Glad to help. Anything else I can do?",
            "Thank you for your patience, bye!",
        ],
        notes: &[
            "Called the carrier, they look for the parcel",
            "Second complaint in a month, be generous",
            "Refund approved by the team lead",
            "Wants to be called back tomorrow",
        ],
        comments: [
            &["Quick and friendly", "Solved at once", "Thank you!"],
            &[
                "It took too long",
                "I had to repeat everything",
                "No solution yet",
            ],
        ],
        names: &[
            "Ana Costa",
            "James Miller",
            "Olga Petrova",
            "Priya Nair",
            "Tom Baker",
            "Sofia Rossi",
            "Lucas Martin",
            "Emma Schulz",
            "Noah Davis",
            "Mia Jensen",
            "Omar Haddad",
            "Yuki Tanaka",
            "Grace Lee",
            "Peter Novak",
            "Laura Garcia",
            "Henry Wilson",
        ],
        products: &[
            "oolong tea set",
            "travel mug",
            "green tea sampler",
            "porcelain teapot",
            "gift box",
            "bamboo tray",
            "electric kettle",
            "jasmine tea 250 g",
        ],
        cities: &[
            "London",
            "Berlin",
            "Madrid",
            "Singapore",
            "Toronto",
            "Sydney",
        ],
    },
    Manners {
        greets: &[
            "您好，{name}，我来帮您查一下。",
            "您好，感谢您的咨询，请稍等。",
            "您好！请问有什么可以帮您？",
            "让您久等了，{name}。",
        ],
        fills: &[
            "请问还在吗？",
            "好的，大概需要多久？",
            "订单号是 {order}。",
            "我之前也发过邮件 🙂",
            "嗯",
            "麻烦再查一下，我这边显示 100% 了。",
        ],
        explains: &[
            "我刚刚联系了{city}的仓库。",
            "一般需要 {n} 个工作日。",
            "麻烦提供一下订单号。",
            "我看到订单 {order} 了，谢谢。",
            "系统显示已经确认。",
            "请您再试一次，好吗？",
        ],
        thanks: &[
            "非常感谢，问题解决了！",
            "好的，谢谢 👍",
            "太好了，祝您生活愉快！",
            "那我再等等吧。",
        ],
        wishes: &[
            "不客气，祝您生活愉快！",
            "很高兴能帮到您，还有其他问题吗？",
            "感谢您的耐心等待，再见！",
        ],
        notes: &[
            "已联系快递，正在查找包裹",
            "本月第二次投诉，请优先处理",
            "主管已同意退款",
            "客户希望明天回电",
        ],
        comments: [
            &["回复很快，态度很好", "马上就解决了", "谢谢！"],
            &["等得太久了", "每次都要重复说明", "还没有解决"],
        ],
        names: &[
            "王芳", "李娜", "张伟", "刘洋", "陈静", "杨帆", "赵敏", "黄磊", "周杰", "吴倩", "徐强",
            "孙丽", "马超", "朱琳", "胡军", "林悦",
        ],
        products: &[
            "乌龙茶礼盒",
            "保温杯",
            "绿茶试饮装",
            "青瓷茶壶",
            "礼品盒",
            "竹制茶盘",
            "电热水壶",
            "茉莉花茶",
        ],
        cities: &["上海", "北京", "广州", "成都", "杭州", "深圳"],
    },
];

/// What people ask about.
pub const TOPICS: &[Topic] = &[
    Topic {
        tag: "shipping",
        talk: [
            Talk {
                asks: &[
                    "Hi, when will my order {order} arrive in {city}?",
                    "My parcel with the {product} has not moved for {n} days.",
                    "Can you ship the {product} to {city}?",
                ],
                answers: &[
                    "The parcel left our warehouse yesterday and is on its way to {city}.",
                    "The carrier says it will be there in {n} days.",
                ],
                goes_on: &[
                    "And where can I follow it?",
                    "Can I still change the address?",
                ],
            },
            Talk {
                asks: &[
                    "你好，我的订单 {order} 什么时候发货？",
                    "我买的{product}物流已经 {n} 天没有更新了。",
                    "请问{product}可以寄到{city}吗？",
                ],
                answers: &[
                    "您的包裹昨天已经从仓库发出，正在送往{city}。",
                    "快递说 {n} 天内可以送到。",
                ],
                goes_on: &["在哪里可以查物流？", "现在还能改地址吗？"],
            },
        ],
    },
    Topic {
        tag: "refund",
        talk: [
            Talk {
                asks: &[
                    "I want a refund for order {order}, the {product} is broken.",
                    "How do I send the {product} back?",
                    "I was promised a refund {n} days ago and nothing came.",
                ],
                answers: &[
                    "I am sorry about that. I have started the refund for {order}.",
                    "Please send it back with the label that I have just e-mailed.",
                ],
                goes_on: &[
                    "Do I get the shipping costs back, too?",
                    "When will I see the money?",
                ],
            },
            Talk {
                asks: &[
                    "订单 {order} 我想退款，{product}是坏的。",
                    "请问{product}怎么退货？",
                    "{n} 天前说好的退款还没有到账。",
                ],
                answers: &[
                    "非常抱歉，我已经为订单 {order} 申请退款。",
                    "请使用我刚发到您邮箱的面单寄回。",
                ],
                goes_on: &["运费也会退吗？", "钱什么时候到账？"],
            },
        ],
    },
    Topic {
        tag: "invoice",
        talk: [
            Talk {
                asks: &[
                    "I need an invoice for order {order} with our company name.",
                    "The invoice for the {product} has the wrong address.",
                ],
                answers: &[
                    "I have corrected the invoice and sent it again.",
                    "You can download the invoice in your account as well.",
                ],
                goes_on: &[
                    "Can you add our tax number?",
                    "Got it, but the date is wrong.",
                ],
            },
            Talk {
                asks: &[
                    "订单 {order} 需要开发票，抬头是公司名称。",
                    "{product}的发票地址写错了。",
                ],
                answers: &["发票已经更正并重新发送。", "您也可以在账户里下载电子发票。"],
                goes_on: &["可以加上税号吗？", "收到了，但是日期不对。"],
            },
        ],
    },
    Topic {
        tag: "login",
        talk: [
            Talk {
                asks: &[
                    "I cannot sign in, it says my password is wrong.",
                    "The code for signing in does not arrive.",
                ],
                answers: &[
                    "I have sent you a link to choose a new password.",
                    "Please look into the spam folder for the code.",
                ],
                goes_on: &[
                    "The link says that it has expired.",
                    "Now it works, but my orders are gone.",
                ],
            },
            Talk {
                asks: &["我登录不了，一直提示密码错误。", "登录的验证码一直收不到。"],
                answers: &[
                    "我已经给您发送了重置密码的链接。",
                    "请看看验证码是否在垃圾邮件里。",
                ],
                goes_on: &["链接显示已过期。", "可以登录了，但是看不到我的订单。"],
            },
        ],
    },
    Topic {
        tag: "payment",
        talk: [
            Talk {
                asks: &[
                    "My card was charged twice for {order}.",
                    "Can I pay the {product} by bank transfer?",
                    "The coupon does not work, it says 0% off.",
                ],
                answers: &[
                    "I see two payments; the second one will be returned within {n} days.",
                    "I have added the coupon to your account by hand.",
                ],
                goes_on: &[
                    "My bank says that it is still booked.",
                    "Is it valid for the {product} as well?",
                ],
            },
            Talk {
                asks: &[
                    "订单 {order} 重复扣款了。",
                    "{product}可以用银行转账支付吗？",
                    "优惠券用不了，显示优惠 0%。",
                ],
                answers: &[
                    "我看到两笔付款，第二笔会在 {n} 天内退回。",
                    "我已经手动为您添加了优惠券。",
                ],
                goes_on: &["银行说钱还没有退。", "买{product}也可以用吗？"],
            },
        ],
    },
    Topic {
        tag: "product",
        talk: [
            Talk {
                asks: &[
                    "Is the {product} available in green?",
                    "How much water does the {product} hold?",
                    "Which of your teas has the least caffeine?",
                ],
                answers: &[
                    "It comes in green and white; green is back in {n} days.",
                    "I would recommend our {product}.",
                ],
                goes_on: &[
                    "Can you reserve one for me?",
                    "What is the difference to the {product}?",
                ],
            },
            Talk {
                asks: &[
                    "请问{product}有绿色的吗？",
                    "{product}的容量是多少？",
                    "哪种茶的咖啡因最少？",
                ],
                answers: &[
                    "有绿色和白色，绿色 {n} 天后到货。",
                    "我推荐我们的{product}。",
                ],
                goes_on: &["可以帮我预留一个吗？", "和{product}有什么区别？"],
            },
        ],
    },
];

/// Those who answer: user name and name.
pub const AGENTS: &[(&str, &str)] = &[
    ("seed.chen", "陈晨"),
    ("seed.emily", "Emily Clark"),
    ("seed.li", "李薇"),
    ("seed.marco", "Marco Bianchi"),
    ("seed.sun", "孙浩"),
    ("seed.zoe", "Zoe Turner"),
];
