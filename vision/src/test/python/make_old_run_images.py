"""Makes the images of dev/graft/vision/old-run-images (run it in an empty folder)."""
import os, random
from PIL import Image
r=random.Random(7)
for side,name in enumerate(("left","right")):
    os.makedirs("images/"+name,exist_ok=True)
    for i in range(8):
        im=Image.new("RGB",(8,8))
        for y in range(8):
            for x in range(8):
                base=130 if (x<4)==(side==0) else 90
                g=base+r.randint(-60,60)
                im.putpixel((x,y),(g,g,g))
        im.save("images/%s/image%d.png"%(name,i))
