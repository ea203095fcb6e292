-- Looks whether lanes of deliveries in which something waits are known to be owed something, and those that
-- are known are lanes.
for i = 3, #ARGV do
  local lane = ARGV[i]
  local waits = redis.call('EXISTS', P .. ':rows:' .. lane) == 1
  local known = redis.call('ZSCORE', P .. ':owed', lane)
  if waits and not known and string.sub(lane, -2) == '.d' then
    fault('owed_unlisted', lane, '', function() owes(lane, now()) end)
  elseif known and not waits and redis.call('EXISTS', P .. ':lane:' .. lane) == 0 then
    fault('owed_without_lane', lane, '', function() redis.call('ZREM', P .. ':owed', lane) end)
  end
end
return report(#ARGV - 2, hints)
