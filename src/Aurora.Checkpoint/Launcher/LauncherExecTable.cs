// A few places for programs that the launcher runs in groups. Nothing here is saved: a machine that starts knows of none, and neither does
// a launcher that hears of it. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Which programs the launcher runs in groups.</summary>
public sealed unsafe class LauncherExecTable
{
    /// <summary>So many at once.</summary>
    public const int Capacity = 8;

    /// <summary>What the strings of a program may have together, as with execve.</summary>
    public const int MostTextBytes = 1 << 20;

    /// <summary>Input that is taken before it is in the pipe.</summary>
    internal const int InputBytes = PageSize.Bytes;

    private readonly PageAllocator _pages;
    private readonly LauncherExec* _places;
    private int _used;

    public LauncherExecTable(PageAllocator pages)
    {
        _pages = pages;
        _places = (LauncherExec*)pages.Allocate((int)PageSize.PagesFor((ulong)(Capacity * sizeof(LauncherExec))));
        byte* inputs = (byte*)pages.Allocate(Capacity);
        Panic.Unless(_places != null && inputs != null, "launcher: no memory for the list of its programs"u8);
        for (int i = 0; i < Capacity; i++)
            _places[i].Input = inputs + (i * InputBytes);
    }

    /// <summary>True when there is a program: asked at every turn of the main loop.</summary>
    internal bool IsUsed => _used > 0;

    /// <summary>A place, used or not.</summary>
    internal LauncherExec* At(int index) => &_places[index];

    /// <summary>The program with a number of the launcher's; null for none.</summary>
    internal LauncherExec* Find(ulong number)
    {
        for (LauncherExec* place = _places; place < _places + Capacity; place++)
            if (place->Phase != LauncherExecPhase.None && !place->IsForgotten && place->Number == number)
                return place;
        return null;
    }

    /// <summary>
    /// A place for a program whose strings will arrive. E2BIG: they are too many; ENFILE: there is no place; ENOMEM.
    /// </summary>
    internal Errno Begin(ulong number, bool isDetached, int textBytes, int arguments, int variables)
    {
        if (textBytes > MostTextBytes)
            return Errno.E2BIG;
        LauncherExec* place = FindFree();
        if (place == null)
            return Errno.ENFILE;
        place->Text = (byte*)_pages.Allocate(PagesOf(textBytes));
        if (place->Text == null)
            return Errno.ENOMEM;
        _used++;
        place->Phase = LauncherExecPhase.Collecting;
        place->Number = number;
        place->IsDetached = isDetached;
        place->TextBytes = textBytes;
        place->ArgumentCount = arguments;
        place->EnvironmentCount = variables;
        return Errno.Ok;
    }

    /// <summary>Its strings are not needed any more.</summary>
    internal void ForgetText(LauncherExec* place)
    {
        if (place->Text != null)
            _pages.Free(place->Text, PagesOf(place->TextBytes));
        place->Text = null;
    }

    /// <summary>The place is for another one.</summary>
    internal void Free(LauncherExec* place)
    {
        ForgetText(place);
        byte* input = place->Input;
        *place = default;
        _used--;
        place->Input = input;
    }

    private LauncherExec* FindFree()
    {
        for (LauncherExec* place = _places; place < _places + Capacity; place++)
            if (place->Phase == LauncherExecPhase.None)
                return place;
        return null;
    }

    private static int PagesOf(int bytes) => (int)PageSize.PagesFor((ulong)bytes);
}
