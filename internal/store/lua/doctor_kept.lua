-- Looks at what a run leaves in its connection's slot ('run:<run>', 'log:<run>'): it must expire, and be
-- on the list by which it is found when the connection is deleted. ARGV[2]: the seconds that it is kept.
local SOON = 3600 -- what expires within these seconds may have left the list already
local seconds = tonumber(redis.call('TIME')[1])
for i = 3, #ARGV do
  local member = ARGV[i]
  local key, run = C .. ':' .. member, string.match(member, ':(.+)$')
  local left = redis.call('TTL', key)
  if left == -1 then
    fault('never_expires', member, '', function() redis.call('EXPIRE', key, ARGV[2]) end)
  end
  if (left == -1 or left > SOON) and not redis.call('ZSCORE', C .. ':kept', run) then
    fault('run_not_kept', member, '', function()
      redis.call('ZADD', C .. ':kept', num((seconds + tonumber(ARGV[2])) * 1000), run)
    end)
  end
end
return report(#ARGV - 2)
