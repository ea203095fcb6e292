-- Looks at connections of an integration with a sync each, which runs by itself: it must have a
-- schedule, unless a person paused it.
local t = now()
for i = 3, #ARGV do
  local member = ARGV[i]
  local con, sync = string.match(member, '^([^.]+)%.([^.]+)$')
  local row = read(redis.call('HGET', P .. ':syncs:' .. ARGV[2], sync))
  local wanted = row and row.AutoStart and row.Frequency > 0 and redis.call('EXISTS', P .. ':con:' .. con) == 1
  if wanted and redis.call('HGET', P .. ':status:' .. member, 'paused') ~= '1' and not redis.call('ZSCORE', P .. ':schedules', member) then
    fault('schedule_missing', member, row.Name, function() redis.call('ZADD', P .. ':schedules', 'NX', num(t), member) end)
  end
end
return report(#ARGV - 2, hints)
