@data
1,2,3:a
?,4:b
5,NaN,6,NaN:a
%%%%
1,?:b
