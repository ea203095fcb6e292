-- Lists purges that are due, each with its score. ARGV: 1 how many at most.
local t = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t[1] * 1000 + math.floor(t[2] / 1000), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
