-- Looks at the list of models with deleted records: each must be of a connection that is there.
for i = 3, #ARGV do
  local member = ARGV[i]
  local con = string.match(member, '^[^.]+') or ''
  if redis.call('EXISTS', P .. ':con:' .. con) == 0 and redis.call('ZSCORE', P .. ':tombs', member) then
    fault('tomb_without_connection', member, '', function() redis.call('ZREM', P .. ':tombs', member) end)
  end
end
return report(#ARGV - 2, hints)
