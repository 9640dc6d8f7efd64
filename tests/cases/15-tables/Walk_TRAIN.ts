# made for heavytail
@problemName Walk
@timeStamps false
@missing true
@univariate true
@equalLength false
@classLabel true run walk
@data
1,2,3:walk
4,?,6,7:run
1.5,2.5:walk
0,1,2,3,4:run
