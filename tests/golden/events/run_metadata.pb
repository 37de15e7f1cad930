
Ð
Í
,/job:localhost/replica:0/task:0/device:CPU:0+
xd(
:"	cpu0MBx = Const()[

scope/Ã¤"\i(:"	cpu0M:"o"ther0MBscope/Ã¤"\ = Unique(x)O
yƒ(:"	cpu0MB.y = AddN(x, scope/Ã¤"\, scope/Ã¤"\:1, missing)3
yƒ(	:"	cpu0MBy = AddN(x) [a, b]
oddªBodd