"""Meeting rooms: what the model's calls do to them. The state has `rooms` (name -> seats) and `bookings` by number."""


def free_rooms(state, day):
    """Return the rooms that are free on a day, with their seats."""
    taken = _rooms_on(state, day)
    return {room: seats for room, seats in state["rooms"].items() if room not in taken}


def list_bookings(state):
    """Return all bookings."""
    return [{"number": int(number), **booking} for number, booking in sorted(state["bookings"].items())]


def book_room(state, room, day, name):
    """Book a room that is free."""
    _check_free(state, room, day)
    number = 1 + max(map(int, state["bookings"]), default=100)
    state["bookings"][str(number)] = {"room": room, "day": day, "name": name}
    return {"number": number}


def move_booking(state, number, day):
    """Move a booking to another day."""
    booking = _booking(state, number)
    _check_free(state, booking["room"], day)
    booking["day"] = day
    return {"number": number, **booking}


def cancel_booking(state, number):
    """Cancel a booking."""
    _booking(state, number)
    del state["bookings"][str(number)]
    return {"cancelled": number}


def _booking(state, number):
    if str(number) not in state["bookings"]:
        raise ValueError(f"no booking {number}; there are: {', '.join(state['bookings']) or 'none'}")
    return state["bookings"][str(number)]


def _check_free(state, room, day):
    if room not in state["rooms"]:
        raise ValueError(f"no room {room}; there are: {', '.join(state['rooms'])}")
    if room in _rooms_on(state, day):
        raise ValueError(f"{room} is taken on {day}")


def _rooms_on(state, day):
    return {booking["room"] for booking in state["bookings"].values() if booking["day"] == day}
