-- Looks at syncs of an integration: their names and scripts.
for i = 3, #ARGV do
  local id = ARGV[i]
  local text = redis.call('HGET', P .. ':syncs:' .. ARGV[2], id)
  local row = read(text)
  if row then
    named('s:' .. ARGV[2] .. ':' .. row.Name, id)
    local key = P .. ':script:' .. row.Script
    local left = redis.call('TTL', key)
    if left == -2 then
      fault('sync_without_script', id, row.Name)
    elseif left >= 0 then
      fault('script_expires', id, row.Name, function() redis.call('PERSIST', key) end)
    end
  elseif text then
    fault('config_damaged', id, 'sync')
  end
end
return report(#ARGV - 2, hints)
