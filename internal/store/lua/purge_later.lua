-- Has a purge go on after a while. ARGV: 1 which, 2 how long from now in ms, 3 'NX' (unless it waits
-- already), 'XX' (if it waits) or 'CH' (in any case).
local t = redis.call('TIME')
return redis.call('ZADD', KEYS[1], ARGV[3], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2], ARGV[1])
