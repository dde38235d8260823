using System;
using System.Buffers.Binary;
using System.IO;
using System.Security.Cryptography;
using Aurora.Base;
using Aurora.Host;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The object store on an image file.</summary>
internal sealed class ImageStore : IDisposable
{
    private readonly FileBlockDevice _device;
    private readonly bool _isReadOnly;

    private ImageStore(FileBlockDevice device, HostMachine machine, ObjectStore store, bool isReadOnly)
    {
        _device = device;
        _isReadOnly = isReadOnly;
        Machine = machine;
        Store = store;
    }

    public HostMachine Machine { get; }
    public ObjectStore Store { get; }

    /// <summary>Makes a sparse file of this size with an empty store. The file must not exist.</summary>
    public static ImageStore Format(string path, long bytes)
    {
        HostMachine.Install();
        using (FileBlockDevice device = FileBlockDevice.Create(path, bytes))
        {
            Span<byte> identity = stackalloc byte[16];
            RandomNumberGenerator.Fill(identity);
            var options = new FormatOptions
            {
                UuidLow = BinaryPrimitives.ReadUInt64LittleEndian(identity) | 1,
                UuidHigh = BinaryPrimitives.ReadUInt64LittleEndian(identity[8..]),
            };
            StoreStatus status = ObjectStore.Format(device, new HostPages(), new SynchronousFibers(), in options);
            if (status != StoreStatus.Ok)
                throw new ImageException($"{path} cannot be formatted: {StoreText.Of(status)}");
        }
        return Open(path, readOnly: false);
    }

    /// <summary>Opens the store on an image; throws with the fault and its place when it is not whole.</summary>
    public static ImageStore Open(string path, bool readOnly)
    {
        HostMachine.Install();
        FileBlockDevice device = OpenDevice(path, readOnly);
        var machine = new HostMachine();
        StoreStatus status = ObjectStore.Open(
            device, machine.Pages, machine.Fibers, new OpenOptions { ReadOnly = readOnly }, out ObjectStore? store, out StoreFault fault);
        if (status == StoreStatus.Ok)
            return new ImageStore(device, machine, store!, readOnly);
        machine.Dispose();
        device.Dispose();
        throw new ImageException($"{path}: {StoreText.Of(in fault)}");
    }

    /// <summary>Opens and locks an image file. Readers share it with each other, never with a writer or a running machine.</summary>
    public static FileBlockDevice OpenDevice(string path, bool readOnly)
    {
        if (!File.Exists(path))
            throw new ImageException($"no disk image at {path}");
        try
        {
            return FileBlockDevice.Open(path, readOnly);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new ImageException($"the disk image {path} cannot be opened", failure);
        }
        catch (IOException failure)
        {
            throw new ImageException($"the disk image {path} is in use by another Aurora (a running machine, or a tool that writes it)", failure);
        }
    }

    /// <summary>What went wrong, with its place.</summary>
    public string Explain(StoreStatus status)
    {
        StoreFault fault = Store.LastFault;
        return fault.Status == status ? StoreText.Of(in fault) : StoreText.Of(status);
    }

    public void Dispose()
    {
        if (_isReadOnly)
            Store.Abandon();
        else
            Store.Close();
        Machine.Dispose();
        _device.Dispose();
    }
}
