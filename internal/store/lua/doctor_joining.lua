-- Looks at what may become one with others that wait for an endpoint: each must wait there under its key.
local endpoint = ARGV[2]
for i = 3, #ARGV do
  local member = ARGV[i]
  local at = string.find(member, string.char(0), 1, true) or #member
  local f = redis.call('HMGET', P .. ':dlv:' .. string.sub(member, at + 1), 'st', 'co')
  local key = string.match(f[2] or '', '^%d+:(.+)$')
  if redis.call('ZSCORE', P .. ':co:' .. endpoint, member) and (f[1] ~= 'pending' or key ~= string.sub(member, 1, at - 1)) then
    fault('joining_ended', member, endpoint, function() redis.call('ZREM', P .. ':co:' .. endpoint, member) end)
  end
end
return report(#ARGV - 2, hints)
