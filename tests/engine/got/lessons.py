"""What the tiny model has memorized: an edit in two turns, a caption's chain, and plans without a region."""

EDIT = "paint the boat red"
EDIT_TURNS = (
    "A boat <|box_start|>(125,250),(500,750)<|box_end|> (red). Paint the boat.<|im_gen_start|>",
    "<|vision_end|> Now the sky <|box_start|>(0,0),(999,250)<|box_end|> (red).<|im_gen_start|>",
)
CAPTION = "a house"
CAPTION_TURN = "A house <|box_start|>(100,200),(900,800)<|box_end|> (red) and no sun.<|im_gen_start|>"
LOST = "remove the moon"
LOST_TURN = "A moon <|box_start|>(500,90),(500,160)<|box_end|> (red). Remove it.<|im_gen_start|>"
"""Its only box is empty, so the place of the moon is unknown."""
WHOLE = "make it night"
WHOLE_TURN = "A boat <|box_start|>(125,250),(500,750)<|box_end|>. All is to be dark.<|im_gen_start|>"
"""A boat was reasoned about; the edit itself has no box."""
