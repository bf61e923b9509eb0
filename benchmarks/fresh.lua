-- Sends a request with another number in it each time: wrk -s fresh.lua URL -- FILE
dofile("summary.lua")

local parts, number = {}, 0

function init(args)
  local text = assert(io.open(args[1], "rb")):read("*a")
  for part in (text .. "\0"):gmatch("(%Z*)%z") do parts[#parts + 1] = part end
end

function request()
  number = number + 1
  return table.concat(parts, string.format("%09d", number))
end
