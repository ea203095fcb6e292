-- Looks at keys of a slot that must expire, by their names in it. ARGV[2]: the seconds that they are
-- given when they do not.
for i = 3, #ARGV do
  local key = KEYS[1] .. ':' .. ARGV[i]
  if redis.call('TTL', key) == -1 then
    fault('never_expires', ARGV[i], '', function() redis.call('EXPIRE', key, ARGV[2]) end)
  end
end
return report(#ARGV - 2)
