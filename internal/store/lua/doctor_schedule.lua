-- Looks at schedules: each must be of a connection that is there, and of a sync that is not paused on
-- it. A sync that is gone, or has no frequency any more, is let go by the scheduler when it is due.
local schedules = P .. ':schedules'

local function unwanted(member)
  local con, sync = string.match(member, '^([^.]+)%.([^.]+)$')
  if not con then
    return 'schedule_damaged'
  elseif redis.call('EXISTS', P .. ':con:' .. con) == 0 then
    return 'schedule_without_connection'
  elseif redis.call('HGET', P .. ':status:' .. member, 'paused') == '1' then
    return 'schedule_though_paused'
  end
end

for i = 3, #ARGV do
  local member = ARGV[i]
  local code = redis.call('ZSCORE', schedules, member) and unwanted(member)
  if code then
    fault(code, member, '', function() redis.call('ZREM', schedules, member) end)
  end
end
return report(#ARGV - 2, hints)
