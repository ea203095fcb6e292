-- Looks at what is kept beside integrations, by '<what>:<integration>': the integration must be there.
-- Only what tells nothing without it is removed.
for i = 3, #ARGV do
  local what, integration = string.match(ARGV[i], '^([^:]+):(.+)$')
  local key = P .. ':' .. ARGV[i]
  if redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', P .. ':integrations', integration) == 0 then
    local spare = what == 'rejected' or what == 'removed'
    fault('part_without_integration', ARGV[i], '', spare and function() redis.call('DEL', key) end or nil)
  end
end
return report(#ARGV - 2, hints)
