-- Freezes a run's counts and how it ended, and answers them. A sealed run answers again what it was
-- sealed with. ARGV: 1 run, 2 fence, 3 the seconds after which this is forgotten, 4 state, 5 error, 6 how
-- many writes it made ('' if nobody counts them), 7 how the credentials were taken ('' nobody knows).
local key = C .. ':run:' .. ARGV[1]
local f = redis.call('HMGET', key, 'fence', 'sealed', 'n')
if not f[1] or tonumber(f[1]) > tonumber(ARGV[2]) then
  return { 'fenced' }
end
if not f[2] and ARGV[6] ~= '' and tonumber(f[3] or '-1') < tonumber(ARGV[6]) then
  return { 'fenced' } -- a failover forgot some of them; there is one more if it was made and not answered
end
if not f[2] then
  redis.call('HSET', key, 'sealed', ARGV[4], 'err', ARGV[5])
  if ARGV[7] ~= '' then
    redis.call('HSET', key, 'acc', ARGV[7])
  end
end
redis.call('ZREM', C .. ':open', ARGV[1])
redis.call('EXPIRE', key, ARGV[3])
keep(ARGV[1], ARGV[3], clock())
return { 'sealed', redis.call('HGETALL', key) }
