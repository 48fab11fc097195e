"""What each accident is, in words, for the truth and the README of a simulated year."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "copies-not-encrypted": {
        "en": "For two weeks the copies of the organisation's database in Hangzhou were written without encryption. They were found and deleted nine days later.",
        "zh": "组织架构库写往杭州的副本连续两周未加密，九天后才被发现并删除。",
    },
    "week-without-backups": {
        "en": "For a week no backup of the second shard of the messages began. Everybody thought that the other two would tell.",
        "zh": "消息库第二分片整整一周没有任何备份启动，却无人察觉。",
    },
    "offsite-copy-stops": {
        "en": "For four weeks the files of Shanghai were not copied to the cloud; the backups on site went on.",
        "zh": "上海传输文件连续四周未复制到云端，本地备份照常进行。",
    },
    "broken-chain": {
        "en": "One increment of the accounts' database was lost. Those that were made on it cannot be restored, until the next differential backup.",
        "zh": "账号库的一份增量备份丢失，其后的增量在下一次差异备份之前均无法恢复。",
    },
    "damaged-point-found-late": {
        "en": "A full backup of the permissions was found damaged twelve days later. Whether it ever was whole nobody knows; its copy was read a day later and is good.",
        "zh": "权限库的一份全量备份十二天后才被查出损坏，此前是否完好无从得知；次日读取其副本，确认完好。",
    },
    "policy-renegotiated": {
        "en": "In June eight hours were agreed for call records instead of a day. Their exports became more frequent two weeks late.",
        "zh": "六月，通话记录的 RPO 由一天改为八小时，但导出频率晚了两周才跟上。",
    },
    "copies-kept-too-long": {
        "en": "The clean-up of the meeting index in the object storage stood still for eleven weeks; copies became older than three months and a week.",
        "zh": "对象存储中会议索引的清理任务停摆十一周，部分副本超过三个月零一周仍未删除。",
    },
    "checks-stop": {
        "en": "The monthly check of the copies of Shanghai's files in the cloud was left out twice. What lay there had not been read for longer than agreed.",
        "zh": "上海文件云端副本的每月校验漏做两次，部分副本未读取校验的时间超过约定。",
    },
    "early-pruning": {
        "en": "A wrong rule of retention deleted six days of call quality in both places, long before their thirty days were over.",
        "zh": "错误的保留规则将六天的通话质量数据在两处一并删除，远未满三十天。",
    },
    "subject-remapped": {
        "en": "The group service was replaced. The name of its backups went over to the new asset; older copies stay with the retired one. Nothing is breached.",
        "zh": "群组服务更换后，备份名称转归新资产，旧副本仍属已停用资产。未发生不达标。",
    },
    "silent-source": {
        "en": "From the end of September nothing more was heard of the conference records. That proves nothing, and breaches nothing.",
        "zh": "自九月底起，电话会议记录的来源再无任何证据送达。既不能证明合规，也不能认定不达标。",
    },
    "source-returns": {
        "en": "The source in Hangzhou was silent for six days and came back. What was still there then is proven after all; what was made and deleted meanwhile is not.",
        "zh": "杭州来源中断六天后恢复。恢复时仍在的快照事后得以证明，其间生成又被删除的则无法证明。",
    },
}
