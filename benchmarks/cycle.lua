-- Sends the requests of a file in turn, again and again: wrk -s cycle.lua URL -- FILE
dofile("summary.lua")

local requests, number, at = {}, 0, 0

function init(args)
  for one in assert(io.open(args[1], "rb")):read("*a"):gmatch("%Z+") do requests[#requests + 1] = one end
  number = #requests
end

function request()
  at = at % number + 1
  return requests[at]
end
