@problemName Walk
@data
5,6,7:run
1,?,?,4:walk
