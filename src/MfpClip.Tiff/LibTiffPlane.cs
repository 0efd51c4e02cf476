using System.Globalization;
using BitMiracle.LibTiff.Classic;
using MfpClip.Imaging.Rows;
using LibTiff = BitMiracle.LibTiff.Classic.Tiff;

namespace MfpClip.Tiff;

/// <summary>
/// Decodes one plane of strips or tiles with LibTiff. LibTiff does not see the directory of the file, only one made of what was checked
/// (<see cref="PlaneDirectory"/>), so that no value of the file makes it allocate, loop or read anything else.
/// </summary>
internal sealed class LibTiffPlane : IDisposable
{
    private readonly string _source;
    private readonly LibTiff _tiff;
    private string? _message;

    /// <param name="file">The file; not closed here.</param>
    /// <param name="layout">How it is stored.</param>
    /// <param name="segments">Where.</param>
    /// <param name="plane">Which plane; 0 where all samples are in one.</param>
    /// <param name="source">Name in errors.</param>
    public LibTiffPlane(TiffBytes file, TiffLayout layout, TiffSegments segments, int plane, string source)
    {
        _source = source;
        LibTiffMessages.Install();
        var bytes = new PlaneStream(file, PlaneDirectory.Make(file.Length, layout, segments, plane));
        _tiff = Decoded(() => LibTiff.ClientOpen(source, "rc", this, bytes)) ?? throw Failed();
        _message = null; // warnings of the directory that was made here
        if (layout.IsYCbCr)
        {
            _tiff.SetField(BitMiracle.LibTiff.Classic.TiffTag.JPEGCOLORMODE, JpegColorMode.RGB);
        }
    }

    /// <summary>Reads one row of strips; the next one each time.</summary>
    public void ReadRow(byte[] row, int y)
    {
        if (!Decoded(() => _tiff.ReadScanline(row, y)) || _message is not null)
        {
            throw Failed();
        }
    }

    /// <summary>Reads a whole tile.</summary>
    public void ReadTile(byte[] tile, int index)
    {
        if (Decoded(() => _tiff.ReadEncodedTile(index, tile, 0, tile.Length)) != tile.Length || _message is not null)
        {
            throw Failed();
        }
    }

    /// <summary>Takes an error or a warning.</summary>
    public void Tell(string format, object[] args) =>
        _message ??= string.Format(CultureInfo.InvariantCulture, format, args).ReplaceLineEndings(" ").TrimEnd('.');

    public void Dispose() => _tiff.Dispose();

    private T Decoded<T>(Func<T> decode)
    {
        try
        {
            LibTiffMessages.Install();
            return decode();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or ImageDecodeException))
        {
            // On damaged data its decoders throw whatever their code runs into.
            throw e is IOException ? Imaging.UnreadableFile.Error(_source, _source, e) : RowChecks.Damaged(_source, _message ?? e.Message, e);
        }
    }

    private ImageDecodeException Failed() => RowChecks.Damaged(_source, _message ?? "the compressed data end early");

    /// <summary>The file, with a directory made here instead of its own.</summary>
    private sealed class PlaneStream(TiffBytes file, PlaneDirectory directory) : TiffStream
    {
        private long _position;

        public override int Read(object clientData, byte[] buffer, int offset, int count)
        {
            int read = directory.Read(_position, buffer.AsSpan(offset, count))
                ?? file.Read(_position - PlaneDirectory.HeaderLength, buffer.AsSpan(offset, count));
            _position += read;
            return read;
        }

        public override long Seek(object clientData, long offset, SeekOrigin origin) => _position = origin switch
        {
            SeekOrigin.Current => _position + offset,
            SeekOrigin.End => directory.End + offset,
            _ => offset,
        };

        public override long Size(object clientData) => directory.End;

        public override void Write(object clientData, byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Close(object clientData)
        {
        }
    }
}
