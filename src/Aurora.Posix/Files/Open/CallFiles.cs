// A call that waits keeps its files: another thread may meanwhile close the descriptor or put another file there, and neither ends nor redirects
// the call. While a dispatch runs, the files its descriptors led to are only noted, in the order they were asked for; when the call goes to
// sleep they are held, and the next dispatch gets them from here. They are let go when the call ends, is interrupted (an interrupted call
// that begins again looks its descriptors up again, as on Linux), or its thread ends. Held files are part of the thread's record.
// Protected by the kernel lock.
namespace Aurora.Posix.Files;

/// <summary>The open files of a thread's call. Zero is none.</summary>
public unsafe struct CallFiles
{
    /// <summary>Files kept in the thread itself; poll and select have the others in a table.</summary>
    public const int Inline = 2;

    public OpenFile* First;
    public OpenFile* Second;

    /// <summary>The files after the first two, from slot 0 up; null unless there are any.</summary>
    public DescriptorTable* More;
    public int Count;

    /// <summary>True while each of the files is held once for this call.</summary>
    public bool IsHeld;

    public readonly OpenFile* this[int index]
        => index == 0 ? First : index == 1 ? Second : Descriptors.Find(More, index - Inline);
}
