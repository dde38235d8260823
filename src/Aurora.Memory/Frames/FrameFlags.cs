using System;

namespace Aurora.Memory;

/// <summary>What a frame is used for; for assertions and statistics, never for deciding whether it may be freed.</summary>
[Flags]
public enum FrameFlags : ushort
{
    None = 0,

    /// <summary>Holds a page of a <see cref="VmObject"/>.</summary>
    Data = 1,

    /// <summary>A node of a radix tree; <see cref="FrameInfo.References"/> counts the parents that share it.</summary>
    RadixNode = 2,

    /// <summary>A page table; <see cref="FrameInfo.Tag"/> counts its live entries.</summary>
    PageTable = 4,

    /// <summary>Owned by the kernel for good (image, heap, devices): never handed out, never freed.</summary>
    Kernel = 8,

    /// <summary>A data frame that the last freeze copied and left writable.</summary>
    Hot = 16,

    /// <summary>Not touched since reclaim last came by: the next time it is evicted.</summary>
    Idle = 32,

    /// <summary>On a change list without a dirty bit to say so (<c>ChangeLog.Forced</c>): must not be evicted.</summary>
    Unsaved = 64,

    /// <summary>Counted as changed, but nobody is known to have stored: see <c>OpenedPages</c>.</summary>
    Opened = 128,

    /// <summary>A program has stored through an entry that said so.</summary>
    Written = 256,

    /// <summary>Holds what an ephemeral group has written: it stays until nobody has the page any more.</summary>
    Ephemeral = 512,

    /// <summary>The freeze that is under way may copy it and leave it writable.</summary>
    Warm = 1024,

    /// <summary>Of a region: shown writable through more entries than the one in its list.</summary>
    Shown = 2048,
}
