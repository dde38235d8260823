using Aurora.Memory;

namespace Aurora.Checkpoint;

/// <summary>How whoever writes a core file waits for pages.</summary>
public abstract class CorePages
{
    /// <summary>
    /// Waits for a page, at this address of the process, that is not there. True: it is to be looked for again; false: it cannot be had, or
    /// nobody wants the file any more.
    /// </summary>
    public abstract bool Await(in PageAccess access, ulong address);

    /// <summary>Called before each page and each mapping: long work gives way.</summary>
    public abstract void Pass();
}
