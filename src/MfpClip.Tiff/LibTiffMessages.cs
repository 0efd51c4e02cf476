using BitMiracle.LibTiff.Classic;
using LibTiff = BitMiracle.LibTiff.Classic.Tiff;

namespace MfpClip.Tiff;

/// <summary>
/// LibTiff has one handler of messages for the whole process. This one gives those of files that were opened here to their reader, and all others to the
/// handler that was there before, so that an application's own use of LibTiff stays as it was.
/// </summary>
internal sealed class LibTiffMessages : TiffErrorHandler
{
    private static readonly LibTiffMessages _instance = new();
    private static readonly Lock _lock = new();
    private TiffErrorHandler? _others;

    /// <summary>Takes messages from now on: called before every use, because an application may have set another handler.</summary>
    public static void Install()
    {
        lock (_lock)
        {
            var before = LibTiff.SetErrorHandler(_instance);
            _instance._others = before == _instance ? _instance._others : before;
        }
    }

    public override void ErrorHandler(LibTiff tif, string method, string format, params object[] args)
    {
        if (tif?.Clientdata() is LibTiffPlane plane)
        {
            plane.Tell(format, args);
        }
        else
        {
            _others?.ErrorHandler(tif, method, format, args);
        }
    }

    public override void ErrorHandlerExt(LibTiff tif, object clientData, string method, string format, params object[] args)
    {
        if (clientData is not LibTiffPlane)
        {
            _others?.ErrorHandlerExt(tif, clientData, method, format, args);
        }
    }

    // While pixels are decoded LibTiff warns of what is missing or damaged, and makes it up.
    public override void WarningHandler(LibTiff tif, string method, string format, params object[] args)
    {
        if (tif?.Clientdata() is LibTiffPlane plane)
        {
            plane.Tell(format, args);
        }
        else
        {
            _others?.WarningHandler(tif, method, format, args);
        }
    }

    public override void WarningHandlerExt(LibTiff tif, object clientData, string method, string format, params object[] args)
    {
        if (clientData is not LibTiffPlane)
        {
            _others?.WarningHandlerExt(tif, clientData, method, format, args);
        }
    }
}
