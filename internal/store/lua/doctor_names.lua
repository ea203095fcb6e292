-- Looks at names: each must be that of a thing that is there.
for i = 3, #ARGV do
  if bytes > ENOUGH then
    return report(i - 3, hints)
  end
  local name = ARGV[i]
  local id = redis.call('HGET', P .. ':names', name)
  if id and not stands_for(name, id) then
    fault('name_without_thing', name, id, function() redis.call('HDEL', P .. ':names', name) end)
  end
end
return report(#ARGV - 2, hints)
