-- Looks at integrations: their names.
for i = 3, #ARGV do
  local id = ARGV[i]
  local text = redis.call('HGET', P .. ':integrations', id)
  local row = read(text)
  if row then
    named('i:' .. row.Key, id)
  elseif text then
    fault('config_damaged', id, 'integration')
  end
end
return report(#ARGV - 2, hints)
