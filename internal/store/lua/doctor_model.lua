-- Looks at models of a connection: as many records must be in the index as there are.
for i = 3, #ARGV do
  local rows, listed = redis.call('HLEN', C .. ':r:' .. ARGV[i]), redis.call('ZCARD', C .. ':m:' .. ARGV[i])
  if rows ~= listed then
    fault('records_miscounted', ARGV[i], rows .. ' ' .. listed)
  end
end
return report(#ARGV - 2)
