// What has been read of standard input and is still to be typed on a group's console, in Bytes from Start to End. A terminal is read a byte
// at a time, also while something is kept, so that the key that leaves is seen; what follows that key is for whoever reads next. When there
// is no room to keep more of what is typed, further keys are dropped, as a full terminal drops them. A file or a pipe is read on only when
// nothing is kept.
using System;
using Aurora.Guest;

namespace Aurora.Sls;

internal unsafe struct TypedInput
{
    private const byte Detach = 0x1E;
    private const int PieceBytes = 2048;
    private const int TryAgain = -11;
    private const int Interrupted = -4;

    private fixed byte _bytes[PieceBytes];
    private int _start;
    private int _end;

    /// <summary>False once standard input has ended.</summary>
    public bool HasMore;

    public bool IsTerminal;

    /// <summary>The end of standard input is to be passed on, and has not been.</summary>
    public bool PassesEnd;

    /// <summary>True when standard input is to be looked at.</summary>
    public readonly bool MayRead => HasMore && (IsTerminal || _start == _end);

    /// <summary>Offers the group's console what is kept, once. What it can never take is dropped.</summary>
    public void Offer(byte* group)
    {
        if (_start < _end)
        {
            fixed (byte* bytes = _bytes)
            {
                long taken = GuestCalls.Input(group, bytes + _start, _end - _start);
                if (taken > 0)
                    _start += (int)taken;
                else if (taken != TryAgain)
                    _start = _end;
            }
        }
        if (_start < _end)
            return;
        _start = _end = 0;
        if (!HasMore && PassesEnd)
            PassesEnd = GuestCalls.Input(group, null, 0) == TryAgain;
    }

    /// <summary>Reads what there is; false when the user wants to leave.</summary>
    public bool Read()
    {
        if (!IsTerminal)
        {
            fixed (byte* bytes = _bytes)
                _end = ReadSome(bytes, PieceBytes);
            return true;
        }
        byte key;
        if (ReadSome(&key, 1) == 0)
            return true;
        if (_end == PieceBytes)
            MakeRoom();
        if (key != Detach && _end < PieceBytes)
            _bytes[_end++] = key;
        return key != Detach;
    }

    // Bytes read; none at the end, which is noted, and none when there is nothing yet: somebody else may have read what there was.
    private int ReadSome(byte* bytes, int most)
    {
        long read = GuestCalls.Read(0, bytes, most);
        HasMore = read > 0 || read is TryAgain or Interrupted;
        return (int)Math.Max(0, read);
    }

    private void MakeRoom()
    {
        fixed (byte* bytes = _bytes)
            new ReadOnlySpan<byte>(bytes + _start, _end - _start).CopyTo(new Span<byte>(bytes, PieceBytes));
        _end -= _start;
        _start = 0;
    }
}
