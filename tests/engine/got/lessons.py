"""What the tiny model knows by heart: an edit in two turns, and a caption's chain."""

EDIT = "paint the boat red"
EDIT_TURNS = (
    "A boat <|box_start|>(125,250),(500,750)<|box_end|> (red). Paint the boat.<|im_gen_start|>",
    "<|vision_end|> Now the sky <|box_start|>(0,0),(999,250)<|box_end|> (red).<|im_gen_start|>",
)
CAPTION = "a house"
CAPTION_TURN = "A house <|box_start|>(100,200),(900,800)<|box_end|> (red) and no sun.<|im_gen_start|>"
