// What nobody refers to any more and takes more to close than one step may change: open files with many locks of their own, and tables
// with many files that only they hold. Both can be left by a call that waited: its files were closed meanwhile, and it was the last to
// hold them. They go on lists that the main loop works off, some locks or files at a time. The locks exclude nobody any more. A restore
// finds such objects without references and puts them on the lists again. When nothing else is left, sockets that only messages lead to are
// looked for (FlightCollector). Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Goes on with what could not be closed in one step.</summary>
public sealed unsafe class FileClosing
{
    private readonly FileState _state;
    private readonly OpenFiles _openFiles;
    private readonly Descriptors _descriptors;
    private readonly Inodes _inodes;
    private readonly FlightCollector _flights;

    internal FileClosing(FileState state, OpenFiles openFiles, Descriptors descriptors, Inodes inodes, FlightCollector flights)
    {
        _state = state;
        _openFiles = openFiles;
        _descriptors = descriptors;
        _inodes = inodes;
        _flights = flights;
    }

    /// <summary>True while something is being closed: <see cref="Step"/> has work.</summary>
    public bool HasWork => _state.HasPutOff;

    /// <summary>As <see cref="HasWork"/>, of one group.</summary>
    public bool HasWorkOf(ObjectTracker group)
    {
        OpenFile* file = _state.FirstClosing;
        while (file != null && file->Header.Group != group.Index)
            file = file->NextClosing;
        DescriptorTable* table = _state.FirstClosingTable;
        while (table != null && table->Header.Group != group.Index)
            table = table->NextClosing;
        Inode* inode = _state.FirstPutOff;
        while (inode != null && inode->Header.Group != group.Index)
            inode = inode->NextPutOff;
        Namespace* tree = _state.FindNamespace(group);
        return file != null || table != null || inode != null || (tree != null && tree->Flights.Search.HasWork);
    }

    /// <summary>
    /// Leaves alone what is to be closed of a group whose restore has failed: some of it is not whole.
    /// </summary>
    public void Forget(ObjectTracker group)
    {
        if (_state.FindNamespace(group) != null)
            _state.EndSearch(&_state.FindNamespace(group)->Flights);
        fixed (OpenFile** first = &_state.FirstClosing)
        {
            for (OpenFile** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextClosing;
                else
                    link = &(*link)->NextClosing;
            }
        }
        fixed (DescriptorTable** first = &_state.FirstClosingTable)
        {
            for (DescriptorTable** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextClosing;
                else
                    link = &(*link)->NextClosing;
            }
        }
        fixed (Inode** first = &_state.FirstPutOff)
        {
            for (Inode** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextPutOff;
                else
                    link = &(*link)->NextPutOff;
            }
        }
    }

    /// <summary>Goes on with closing. The main loop calls it every turn.</summary>
    public void Step()
    {
        if (_openFiles.HasPutOff)
            _openFiles.CloseNext();
        else if (_descriptors.HasPutOff)
            _descriptors.CloseNext();
        else if (_state.FirstPutOff != null)
            _inodes.EndSome();
        else if (_state.FirstDue != null)
            LookForGarbage(_state.FirstDue);
    }

    private void LookForGarbage(FlightState* flights)
    {
        _flights.Step(flights);
        if (flights->Search.HasWork)
            _state.PassSearchOn();
        else
            _state.EndSearch(flights);
    }
}
