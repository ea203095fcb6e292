-- Looks at how syncs stand on connections: each connection must be there.
for i = 3, #ARGV do
  local member = ARGV[i]
  local key = P .. ':status:' .. member
  if redis.call('EXISTS', P .. ':con:' .. (string.match(member, '^[^.]+') or '')) == 0 and redis.call('EXISTS', key) == 1 then
    fault('status_without_connection', member, '', function() redis.call('DEL', key) end)
  end
end
return report(#ARGV - 2, hints)
