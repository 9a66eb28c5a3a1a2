"""The routes of a running engine, through its client, with the tiny model."""

import base64
import hashlib
import http.client
import io
import json
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import NO_REGION, Box, Chain
from engine.api.encoding import dumps
from engine.api.errors import (
    Busy,
    Cancelled,
    ChainError,
    EngineError,
    ImageError,
    ModelError,
    NotFound,
    OutputError,
    RequestError,
)
from engine.api.protocol import (
    BoxFound,
    EditRequest,
    Finished,
    GenerateRequest,
    Loading,
    LoadRequest,
    Note,
    Planning,
    PlanRequest,
    Preview,
    Queued,
    Scales,
    Selection,
    Snapshot,
    Started,
    Step,
    Token,
    UnloadRequest,
    Writing,
)
from tests.campaign import times
from tests.engine.got.lessons import CAPTION, CAPTION_TURN, EDIT_TURNS, LOST, LOST_TURN, WHOLE, WHOLE_TURN
from tests.engine.running import CHAIN, INSTRUCTION, picture, png, scene


@pytest.fixture
def engine(served):
    return served.engine


@pytest.fixture
def client(engine):
    return engine.client


@pytest.fixture
def image(client) -> str:
    return client.upload(png(scene())).id


def edit(image: str, **options) -> EditRequest:
    return EditRequest(instruction=INSTRUCTION, image=image, model="tiny", **{"num_inference_steps": 2} | options)


def run(engine, request):
    """(result, events) of a job."""
    events = []
    job = engine.run(request, events.append)
    return engine.client.result(job.id), events


# pictures


def test_a_pictures_id_is_the_hash_of_its_bytes(client):
    data = png(scene())
    first, second = client.upload(data), client.upload(data)
    assert first == second and first.id == hashlib.sha256(data).hexdigest() and (first.width, first.height) == (96, 48)


@pytest.mark.parametrize(("kind", "content"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_png_jpeg_and_webp_are_accepted(client, kind, content):
    buffer = io.BytesIO()
    scene().save(buffer, kind)
    assert client.upload(buffer.getvalue(), content).width == 96


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "PDF"])
def test_other_formats_are_refused_whatever_their_content_type(client, kind):
    buffer = io.BytesIO()
    scene().save(buffer, kind)
    with pytest.raises(ImageError, match="not a PNG, JPEG or WebP"):
        client.upload(buffer.getvalue())


def test_sixteen_bits_are_accepted_with_a_note(client):
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16).save(buffer, "PNG")
    picture = client.upload(buffer.getvalue())
    assert picture.notes == ("The picture has 16 bits per channel; it is read with 8.",)
    assert picture.notes_in_parts[0].values == {"depth": 16}


def bomb(side: int) -> bytes:
    """A valid PNG with this many pixels per side in a few kilobytes."""
    rows = zlib.compressobj(9)
    line = b"\0" * (side // 8 + 2)
    body = b"".join(rows.compress(line) for _ in range(side)) + rows.flush()
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), b"IDAT" + body, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def test_a_decompression_bomb_is_refused_before_it_is_decoded(client):
    data = bomb(13_000)
    assert len(data) < 25_000
    before = client.system().resident
    with pytest.raises(ImageError, match="megapixels"):
        client.upload(data)
    assert client.system().resident - before < 20_000_000


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt"])
def test_a_decompression_bomb_in_metadata_is_refused_or_not_read(client, name):
    """256 MB of zeros in a profile or a comment of a small picture."""
    packed = zlib.compress(bytes(2**28), 9)
    data = {b"iCCP": b"p\0\0", b"zTXt": b"t\0\0", b"iTXt": b"t\0\1\0\0\0"}[name] + packed
    whole = png(scene())
    before = client.system().resident
    with suppress(ImageError):
        client.upload(whole[:33] + chunk(name, data) + whole[33:])
    assert client.system().resident - before < 60_000_000


# plans and edits


def test_a_plan_is_sent_token_by_token(engine, image):
    result, events = run(engine, PlanRequest(instruction=INSTRUCTION, image=image, model="tiny"))
    assert result.chains == (CHAIN,) and "".join(e.text for e in events if isinstance(e, Token)) == CHAIN
    kinds = [type(event) for event in events]
    assert kinds[0] is Queued and kinds[1] is Started and kinds[-1] is Finished and Writing not in kinds
    box = next(event for event in events if isinstance(event, BoxFound))
    assert box == BoxFound(0, 0, (125, 250, 500, 750), "A boat", "red")
    # the box is sent before the chain is complete
    assert kinds.index(BoxFound) < max(at for at, kind in enumerate(kinds) if kind is Token)
    assert [file.kind for file in result.files] == ["overlay"]


def test_an_edit_is_planned_and_rendered(engine, image):
    result, events = run(engine, edit(image, num_inference_steps=4))
    steps = [event for event in events if isinstance(event, Step)]
    assert [(step.step, step.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert steps[0].seconds_left > 0 and steps[-1].seconds_left == 0
    preview = next(event for event in events if isinstance(event, Preview))
    with Image.open(io.BytesIO(base64.b64decode(preview.jpeg))) as small:
        assert small.format == "JPEG" and max(small.size) <= 192
    assert set(result.seconds) >= {"load", "plan", "render", "write"}
    token_count = sum(isinstance(event, Token) for event in events)
    assert result.profile.tokens == token_count and result.profile.steps == tuple(step.seconds for step in steps)
    within = result.profile.encode + sum(result.profile.steps) + result.profile.decode
    assert min(result.profile.encode, *result.profile.steps, result.profile.decode) > 0
    assert within <= result.seconds["render"] + 0.01
    assert result.options["num_inference_steps"] == 4 and result.options["seed"] == 42 and result.model == "tiny"
    check_layers(engine.client, result, np.asarray(scene()))


def check_layers(client, result, source: np.ndarray) -> None:
    """Checks that layer and mask give the picture, and that it equals the source bit for bit where the mask is 0."""
    for file in result.files:
        data = client.file(result.id, file.name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
    mask = picture(client.file(result.id, result.named("mask")[0].name))
    layer = picture(client.file(result.id, result.named("layer")[0].name))
    whole = picture(client.file(result.id, result.named("image")[0].name))
    assert mask.shape == source.shape[:2] and layer.shape == (*source.shape[:2], 4)
    assert np.array_equal(layer[..., 3], mask)
    assert np.array_equal(whole[mask == 0], source[mask == 0]) and (mask == 0).any()
    assert np.array_equal(whole[mask == 255][..., :3], layer[mask == 255][..., :3]) and (mask == 255).any()


def test_a_given_chain_is_rendered_without_planning(engine, image):
    moved = Chain.parse(CHAIN).resize(0, Box(700, 100, 900, 300)).text
    result, events = run(engine, edit(image, chain=moved))
    assert result.chains == (moved,)
    assert not [event for event in events if isinstance(event, (Token, Planning, BoxFound))]
    assert "plan" not in result.seconds
    mask = picture(engine.client.file(result.id, result.named("mask")[0].name))
    assert np.where(mask)[1].min() > 96 * 0.7 - 14


def test_candidates_have_different_seeds_and_the_same_plan(engine, image):
    result, events = run(engine, edit(image, candidates=3, seed=7))
    assert len([event for event in events if isinstance(event, Planning)]) == 1
    pictures = [engine.client.file(result.id, result.named("image", n)[0].name) for n in range(3)]
    assert len(set(pictures)) == 3 and len(result.chains) == 3
    alone, _ = run(engine, edit(image, seed=9, chain=CHAIN))
    assert np.array_equal(picture(engine.client.file(alone.id, alone.named("image")[0].name)), picture(pictures[2]))


def test_the_same_request_gives_the_same_picture(engine, image):
    first, second = (run(engine, edit(image))[0] for _ in range(2))
    assert [file.sha256 for file in first.files] == [file.sha256 for file in second.files]


def test_each_turn_is_a_layer(engine, image):
    result, events = run(engine, edit(image, chain="".join(EDIT_TURNS)))
    assert [file.turn for file in result.named("layer")] == [0, 1]
    assert {event.turn for event in events if isinstance(event, Step)} == {0, 1}
    assert result.named("image")[0].turn == 1


def test_a_caption_is_rendered(engine):
    result, _ = run(
        engine, GenerateRequest(instruction=CAPTION, model="tiny", num_inference_steps=2, width=96, height=64)
    )
    assert result.chains == (CAPTION_TURN,)
    assert picture(engine.client.file(result.id, "image-0-0.png")).shape == (64, 96, 3)


def test_options_affect_the_picture(engine, image):
    variants = [
        {},
        {"seed": 1},
        {"scheduler": "unipc"},
        {"preset": "fast"},
        {"guidance_scales": Scales(semantic=1.0)},
        {"guidance_scales": Scales(spatial=0.0)},
        {"fit": "stretch"},
        {"side": 128},
    ]
    images = set()
    for options in variants:
        result, _ = run(engine, edit(image, chain=CHAIN, scope="whole", **options))
        images.add(result.named("image")[0].sha256)
    assert len(images) == len(variants)


def test_only_the_selection_changes(engine):
    source = scene(400, 300)
    image = engine.client.upload(png(source)).id
    request = edit(image, chain=CHAIN, scope="whole", selection=Selection(100, 50, 120, 90))
    result, _ = run(engine, request)
    whole = picture(engine.client.file(result.id, result.named("image")[0].name))
    inside = np.zeros((300, 400), bool)
    inside[50:140, 100:220] = True
    assert np.array_equal(whole[~inside], np.asarray(source)[~inside])
    assert not np.array_equal(whole[inside], np.asarray(source)[inside])
    assert result.placement.crop == (68, 18, 252, 172)
    with pytest.raises(RequestError, match="extends beyond"):
        run(engine, edit(image, chain=CHAIN, selection=Selection(390, 0, 20, 20)))


def test_feather_and_grow_affect_the_mask(engine, image):
    masks = []
    for options in ({}, {"feather": 0.1, "grow": 4.0}, {"feather": 0.0, "grow": 0.0}, {"grow": 30.0}):
        result, _ = run(engine, edit(image, chain=CHAIN, **options))
        masks.append(np.asarray(picture(engine.client.file(result.id, result.named("mask")[0].name))))
    assert np.array_equal(masks[0], masks[1]) and result.options["grow"] == 30.0
    assert np.count_nonzero(masks[2]) < np.count_nonzero(masks[0]) < np.count_nonzero(masks[3])
    assert set(np.unique(masks[2])) <= {0, 255}


@pytest.mark.parametrize("size", [(16, 16), (17, 23), (400, 16), (16, 400), (3000, 20), (1001, 999)])
def test_odd_sizes_are_kept(engine, size):
    source = scene(*size)
    result, _ = run(engine, edit(engine.client.upload(png(source)).id, chain=CHAIN))
    assert picture(engine.client.file(result.id, result.named("image")[0].name)).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA", "1"])
def test_every_mode_can_be_edited(engine, mode):
    image = scene().convert("RGB").convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    info = engine.client.upload(buffer.getvalue(), "image/jpeg" if mode == "CMYK" else "image/png")
    result, _ = run(engine, edit(info.id, chain=CHAIN))
    whole = picture(engine.client.file(result.id, result.named("image")[0].name))
    assert whole.shape == (48, 96, 4 if mode in ("RGBA", "LA") else 3)
    if mode == "RGBA":
        assert np.array_equal(whole[..., 3], np.asarray(image)[..., 3])


def test_a_color_profile_is_kept(engine):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    scene().save(buffer, "PNG", icc_profile=profile)
    result, _ = run(engine, edit(engine.client.upload(buffer.getvalue()).id, chain=CHAIN))
    for kind in ("image", "layer"):
        with Image.open(io.BytesIO(engine.client.file(result.id, result.named(kind)[0].name))) as picture:
            assert picture.info["icc_profile"] == profile


# refusals


def test_missing_resources_are_reported(client, image):
    with pytest.raises(NotFound):
        client.job("0" * 32)
    with pytest.raises(NotFound):
        client.result("0" * 32)
    with pytest.raises(NotFound):
        client.submit(edit("0" * 64))
    with pytest.raises(ModelError, match="Available:.*tiny"):
        client.submit(EditRequest(instruction=INSTRUCTION, image=image, model="nobody"))
    with pytest.raises(ModelError):
        client.model("nobody")
    with pytest.raises(NotFound):
        client._ask("GET", "/v1/nothing")


def test_a_chain_without_a_usable_box_is_refused(engine, image):
    broken = CHAIN.replace("(125,250)", "(125)")
    with pytest.raises(ChainError, match="No edit box in the chain can be used"):
        run(engine, edit(image, chain=broken))
    run(engine, edit(image, chain=broken, scope="whole"))


def test_a_plan_without_a_usable_box_ends_before_it_is_rendered(engine, image):
    """It does not permit changing the whole picture, which must be requested explicitly."""
    events = []
    request = EditRequest(instruction=LOST, image=image, model="tiny")
    with pytest.raises(
        ChainError, match="No edit box in the plan can be used: line 1, column 8: .* Plan first and correct the plan"
    ):
        engine.run(request, events.append)
    assert "".join(event.text for event in events if isinstance(event, Token)) == LOST_TURN
    assert not any(isinstance(event, Step) for event in events)
    result, _ = run(engine, replace(request, scope="whole", num_inference_steps=2))
    assert (picture(engine.client.file(result.id, result.named("mask")[0].name)) == 255).all()


def test_a_plan_without_a_region_changes_the_whole_picture_after_a_note(engine, image):
    events = []
    job = engine.run(EditRequest(instruction=WHOLE, image=image, model="tiny"), events.append)
    result = engine.client.result(job.id)
    assert result.chains == (WHOLE_TURN,)
    assert (picture(engine.client.file(result.id, result.named("mask")[0].name)) == 255).all()
    note_index = next(place for place, event in enumerate(events) if isinstance(event, Note) and event == NO_REGION)
    assert note_index < next(place for place, event in enumerate(events) if isinstance(event, Step))
    rendered, _ = run(engine, EditRequest(instruction=WHOLE, image=image, model="tiny", chain=WHOLE_TURN))
    plan, _ = run(engine, PlanRequest(instruction=WHOLE, image=image, model="tiny"))
    assert NO_REGION in rendered.messages and NO_REGION in plan.messages


def test_each_of_two_turns_needs_a_usable_box(engine, image):
    """Without one, the second turn would change everything that the first turn left unchanged."""
    second = CHAIN.replace("(125,250)", "(500,250)")
    with pytest.raises(ChainError, match="No edit box in the chain can be used"):
        run(engine, edit(image, chain=CHAIN + second))


def test_a_missing_device_is_refused(engine, image):
    with pytest.raises(RequestError, match="no device"):
        run(engine, edit(image, device="abacus"))


def test_a_missing_adapter_is_refused(engine, image):
    from engine.api.protocol import AdapterUse

    assert engine.client.adapters().adapters == ()
    with pytest.raises(ModelError, match="no adapter"):
        run(engine, edit(image, adapters=(AdapterUse("gone"),)))


def test_a_key_identifies_one_job(client, image):
    first = client.submit(edit(image), "a-key-of-mine")
    assert client.submit(edit(image), "a-key-of-mine").id == first.id
    with pytest.raises(RequestError, match="another request"):
        client.submit(edit(image, seed=1), "a-key-of-mine")
    client.follow(first.id)


def test_a_model_can_be_loaded_and_unloaded(engine):
    client = engine.client
    run(engine, UnloadRequest())
    assert client.system().model is None
    _, events = run(engine, LoadRequest(model="tiny"))
    parts = [(event.done, event.total) for event in events if isinstance(event, Loading)]
    assert parts == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert client.system().model == "tiny" and client.model("tiny").loaded
    using = {model.name: model.memory_use for model in client.models().models}
    assert using == dict.fromkeys(using, "") | {"tiny": "the whole model stays in memory"}
    _, events = run(engine, LoadRequest(model="tiny"))
    assert [(event.done, event.total) for event in events if isinstance(event, Loading)] == [(0, 0)]
    assert {model.name for model in client.models().models} >= {"tiny"}
    assert client.model("tiny").description["image_size"] == 64


def test_the_system_is_described(client):
    system = client.system()
    assert system.resident > 10**7 and system.memory_total >= system.memory_used > 0 and system.handles > 3
    assert system.leases >= 1 and "torch" in system.packages
    assert client.devices()[-1].text.startswith("cpu")


# event streams


def stream(client, id: str, last: str = "") -> list[tuple[str, object]]:
    return list(client._stream(id, last))


def test_a_stream_continues_where_it_left_off(client, image):
    job = client.submit(edit(image))
    client.follow(job.id)
    everything = stream(client, job.id)
    middle = len(everything) // 2
    assert stream(client, job.id, everything[middle][0]) == everything[middle + 1 :]
    assert len({id for id, _ in everything}) == len(everything)
    strange = stream(client, job.id, "deadbeef-3")
    assert isinstance(strange[0][1], Snapshot) and strange[1:] == everything
    assert [type(event) for _, event in stream(client, job.id, everything[-1][0])] == [Finished]


@pytest.mark.full
def test_a_quiet_stream_sends_heartbeats(client, image):
    job = client.submit(edit(image, num_inference_steps=1000, candidates=8))
    waiting = client.submit(edit(image))
    connection = http.client.HTTPConnection("127.0.0.1", client.runtime.port, timeout=600)
    connection.request("GET", f"/v1/jobs/{waiting.id}/events", headers=client._authorization())
    response = connection.getresponse()
    lines = [response.readline() for _ in range(10)]
    connection.close()
    assert b": alive\n" in lines
    for id in (waiting.id, job.id):
        client.cancel(id)
    with pytest.raises(Cancelled):
        client.follow(job.id)


# jobs


def test_jobs_are_listed_until_they_are_acknowledged(client, image):
    job = client.submit(edit(image))
    client.follow(job.id)
    assert job.id in {state.id for state in client.jobs(unacknowledged=True)}
    client.acknowledge(job.id)
    client.acknowledge(job.id)
    assert job.id not in {state.id for state in client.jobs(unacknowledged=True)}
    assert client.job(job.id).acknowledged
    with pytest.raises(NotFound):
        client.result(job.id)


def test_waiting_and_running_jobs_can_be_canceled(client, image):
    running, waiting = (client.submit(edit(image, num_inference_steps=1000, candidates=8)) for _ in range(2))
    assert client.cancel(waiting.id).state == "cancelled"
    while client.job(running.id).state == "queued":
        time.sleep(0.01)
    with pytest.raises(EngineError, match="not finished"):
        client.acknowledge(running.id)
    client.cancel(running.id)
    with pytest.raises(Cancelled):
        client.follow(running.id)
    assert client.job(running.id).state == "cancelled"


def test_a_full_queue_says_when_to_try_again(place, image):
    where = place(queue=2)
    with where.connect() as engine:
        client = engine.client
        image = client.upload(png(scene())).id
        long = edit(image, num_inference_steps=1000, candidates=8)
        first = client.submit(long)
        while client.job(first.id).state == "queued":
            time.sleep(0.01)
        others = [client.submit(long) for _ in range(2)]
        assert [client.job(job.id).position for job in others] == [1, 2]
        with pytest.raises(Busy, match="2 jobs are already waiting"):
            client.submit(long)
        connection = http.client.HTTPConnection("127.0.0.1", client.runtime.port, timeout=600)
        headers = client._authorization() | {"Content-Type": "application/json"}
        connection.request("POST", "/v1/edits", dumps(long), headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == 429 and int(response.getheader("Retry-After")) > 0
        client.cancel(others[0].id)
        client.submit(long)


def test_no_jobs_are_accepted_if_the_disk_is_full(place):
    where = place(free_bytes=10**17)
    with where.connect() as engine:
        image = engine.client.upload(png(scene())).id
        with pytest.raises(OutputError, match="MB left"):
            engine.client.submit(edit(image))


# user text


def test_user_text_is_not_logged(engine, served, image):
    secret = "a sentence that nobody else may read"
    run(engine, EditRequest(instruction=secret, image=image, model="tiny", chain=CHAIN, num_inference_steps=1))
    assert secret not in served.log() and "sentence" not in served.log() and "A boat" not in served.log()
    for line in served.log().splitlines():
        assert line.isascii() and isinstance(json.loads(line), dict)


@pytest.mark.parametrize(
    "path", ["/v1/jobs/..%2f..%2fetc", "/v1/jobs/%00", "/v1/models/..%2f..", "/v1/jobs/x/files/..%2fa"]
)
def test_paths_are_not_accepted_as_names(client, path):
    with pytest.raises(EngineError):
        client._ask("GET", path)


@pytest.mark.timeout(1800)
def test_mutated_pictures_do_not_crash_the_engine(client):
    import random

    from tests.engine.got.test_adapters import mutated

    dice, refused = random.Random(1), 0
    whole = []
    for kind, content in (("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")):
        buffer = io.BytesIO()
        scene(40, 30).save(buffer, kind)
        whole.append((buffer.getvalue(), content))
    pid = client.system().pid
    for number in range(times(60, 2000)):
        data, content = whole[number % 3]
        try:
            client.upload(mutated(data, dice), content)
        except ImageError:
            refused += 1
    assert refused > 10 and client.system().pid == pid
