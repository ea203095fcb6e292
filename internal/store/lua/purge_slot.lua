-- Removes what is kept in the slot of a deleted connection. ARGV: 1 how many runs at most, 2 for how many
-- seconds runs are refused afterwards, then its models. Answers how many records there were, and whether
-- there is more.
local kept = C .. ':kept'
redis.call('SET', C .. ':gone', '1', 'EX', ARGV[2])
local runs = redis.call('ZRANGE', kept, 0, ARGV[1] - 1)
for _, run in ipairs(runs) do
  redis.call('UNLINK', C .. ':run:' .. run, C .. ':log:' .. run)
  redis.call('ZREM', kept, run)
end
if redis.call('EXISTS', kept) == 1 then
  return { 0, 1 }
end
local records = 0
for i = 3, #ARGV do
  local hash = C .. ':r:' .. ARGV[i]
  records = records + redis.call('HLEN', hash)
  redis.call('UNLINK', hash, C .. ':m:' .. ARGV[i], C .. ':d:' .. ARGV[i])
end
redis.call('UNLINK', C .. ':clock', C .. ':runs', C .. ':open', C .. ':pruned')
return { records, 0 }
