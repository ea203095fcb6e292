-- Makes a project disappear: its row, and what it is found and woken by. The rest is left to its purge.
-- ARGV: 1 'draft' if only a project is meant whose making was never finished. Answers whether there is
-- something to purge.
local row, purge = P .. ':project', P .. ':purge'
local f = redis.call('HMGET', row, 'public', 'draft')
if not f[1] or (ARGV[1] == 'draft' and not f[2]) then
  return redis.call('EXISTS', purge)
end
redis.call('HSET', purge, 'public', f[1])
redis.call('UNLINK', row, P .. ':names', P .. ':integrations', P .. ':schedules', P .. ':due')
return 1
