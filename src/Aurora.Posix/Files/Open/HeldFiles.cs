using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>The files that calls keep while they wait (<see cref="CallFiles"/>).</summary>
public sealed unsafe class HeldFiles(FileState state, OpenFiles openFiles, Descriptors descriptors)
{
    /// <summary>
    /// The file of a descriptor for a call that has asked for <paramref name="asked"/> files before in this dispatch: the one it holds, or
    /// else the one that is there now, which is noted. Null: EBADF.
    /// </summary>
    public OpenFile* Find(Thread* thread, int descriptor, ref int asked)
    {
        ref CallFiles files = ref thread->Files;
        if (files.IsHeld && asked < files.Count)
            return files[asked++];
        OpenFile* file = Descriptors.Find((DescriptorTable*)thread->Process->Descriptors, descriptor);
        if (file == null || asked >= CallFiles.Inline)
            return file;
        if (files.IsHeld)
            openFiles.Hold(file);
        Note(ref files, asked++, file);
        return file;
    }

    /// <summary>As above, for a call that has asked for none and holds none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OpenFile* FindFirst(Thread* thread, int descriptor)
    {
        OpenFile* file = Descriptors.Find((DescriptorTable*)thread->Process->Descriptors, descriptor);
        if (file != null)
            Note(ref thread->Files, 0, file);
        return file;
    }

    /// <summary>The call goes to sleep, or lets others run: what its descriptors led to stays its own.</summary>
    public void Hold(Thread* thread)
    {
        ref CallFiles files = ref thread->Files;
        if (files.IsHeld || files.Count == 0)
            return;
        files.IsHeld = true;
        for (int i = 0; i < files.Count; i++)
            openFiles.Hold(files[i]);
    }

    /// <summary>Adds a file to those the call holds, however many there are; false when memory is exhausted.</summary>
    public bool Add(Thread* thread, OpenFile* file)
    {
        ref CallFiles files = ref thread->Files;
        if (files.Count >= CallFiles.Inline && files.More == null)
            files.More = descriptors.CreateTable(state.TrackerOf(&thread->Header));
        int slot = files.Count - CallFiles.Inline;
        if (slot >= 0 && (files.More == null || !descriptors.Set(files.More, slot, file, false)))
            return false;
        files.IsHeld = true;
        openFiles.Hold(file);
        if (files.Count < CallFiles.Inline)
            Note(ref files, files.Count, file);
        else
            files.Count++;
        return true;
    }

    /// <summary>Makes a file the only one of the call, which takes over the caller's reference: open(2), while it waits.</summary>
    public void Keep(Thread* thread, OpenFile* file)
    {
        End(thread);
        Note(ref thread->Files, 0, file);
        thread->Files.IsHeld = true;
    }

    /// <summary>The call is over or begins again: lets its files go.</summary>
    public void End(Thread* thread)
    {
        CallFiles files = thread->Files;
        thread->Files = default;
        if (!files.IsHeld)
            return;
        for (int i = 0; i < files.Count && i < CallFiles.Inline; i++)
            openFiles.Release(files[i]);
        if (files.More != null)
            descriptors.Release(files.More);
    }

    // The first one begins anew: what an earlier call has left there may have been freed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Note(ref CallFiles files, int index, OpenFile* file)
    {
        if (index == 0)
            files.First = file;
        files.Second = index == 0 ? null : file;
        files.Count = index + 1;
    }
}
