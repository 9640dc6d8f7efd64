@problemName X
# note
1.5,2.5:up
1,2:down
%%%%
0,0:up
