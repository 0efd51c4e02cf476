using System.Collections.Concurrent;
using System.Diagnostics;
using MfpClip.Detection;
using MfpClip.Detection.Tiling;
using MfpClip.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.References;

namespace MfpClip;

/// <content>From images to tiles: decoding, by rows where an image is large, and preparing.</content>
public sealed partial class ZeroShotDetector
{
    private void ReadTiles(
        IReadOnlyList<ImageInput> images, DetectionOptions options, BlockingCollection<TileStep> steps, ActivityContext parent,
        CancellationToken cancellationToken)
    {
        try
        {
            foreach (var image in images)
            {
                try
                {
                    ReadTiles(image, options, step => steps.Add(step, cancellationToken), parent, cancellationToken);
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    if (e is ImageDecodeException)
                    {
                        MfpClipTelemetry.RecordFailure(e, Labels);
                    }

                    steps.Add(new(image?.Name ?? "null") { Error = e }, cancellationToken); // also what a decoder of the user throws
                }
            }
        }
        finally
        {
            steps.CompleteAdding();
        }
    }

    private void ReadTiles(
        ImageInput image, DetectionOptions options, Action<TileStep> add, ActivityContext parent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var tiling = _settings.Tiling!;
        long start = Stopwatch.GetTimestamp();
        using var rows = ImageReader.OpenRowsOfLarge(image, _settings.Input.Decoder, tiling);
        var pixels = rows is not null ? null
            : DetectionSpan.Run("decode", parent, image.Name, () => ImageReader.Read(image, _settings.Input.Decoder, _settings.Input.Limits));
        var (width, height) = rows is not null ? (rows.Width, rows.Height) : (pixels!.Width, pixels.Height);
        var layout = TileLayout.For(image.Name, width, height, tiling, _tileInput!);
        if (pixels is not null && layout.IsWhole)
        {
            add(new(image.Name) { Prepared = Prepare(image.Name, pixels, Stopwatch.GetElapsedTime(start), options, parent) });
            return;
        }

        string? id = _stored is null ? null : pixels is not null ? ReferenceId.Of(pixels) : Identify(image, tiling, cancellationToken);
        var leftOut = LeftOut(id, options) is { } own && _pass is ReferencedPass { Bank.Entries.Count: 1 } ? throw new ReferenceException(
            own.Name, "it is the only reference, and a tile cannot be compared with the rest of its own image. Add another one.") : LeftOut(id, options);
        var (region, notices) = RegionFor(image.Name, width, height, options, () => Overview(image, pixels, tiling, cancellationToken));
        bool Wanted(int column, int row) => region is null || RegionMask.Any(region, RegionMask.ToRegion(region, Seen(layout, column, row), width, height));
        int count = layout.Across.Lefts.Count * layout.Down.Lefts.Count, wanted = region is null ? count
            : Enumerable.Range(0, count).Count(t => Wanted(t % layout.Across.Lefts.Count, t / layout.Across.Lefts.Count));
        bool joins = tiling.WholeImage != WholeImageJoin.None;
        var tiled = new TiledImage
        {
            Name = image.Name, Layout = layout, Options = tiling, Region = region, LeftOut = leftOut,
            EqualReference = id is null ? null : _stored!.NameOf(id), Total = wanted + (joins ? 1 : 0), Skipped = count - wanted,
            Notices = [.. _shrinkage.OfTile(layout.Side, tiling.SmallestDefectPixels), .. notices],
        };
        PreparedImage Prepared(RgbImage part, CoveredArea? area, double scaleX, double scaleY)
        {
            long began = Stopwatch.GetTimestamp();
            var prepared = _settings.Input.Preprocessor.Prepare(part);
            prepared = area is not null ? prepared : prepared with { Covered = Scaled(prepared.Covered, scaleX, scaleY) };
            tiled.Prepare += Stopwatch.GetElapsedTime(began);
            return new(image.Name, width, height, prepared, default, default)
            {
                LeftOut = tiled.LeftOut, Original = _readsOriginals ? part : null, Region = region,
                RegionPart = region is null ? default : RegionMask.ToRegion(region, area ?? prepared.Covered, width, height),
            };
        }

        using var reader = new TileReader(rows ?? new DecodedRows(pixels!), layout, overview: joins && rows is not null);
        tiled.Decode = Stopwatch.GetElapsedTime(start);
        foreach (var (column, row, part) in reader.Read(Wanted, cancellationToken))
        {
            add(new(image.Name)
            {
                Image = tiled, Column = column, Row = row, Prepared = Prepared(part, Seen(layout, column, row), 1, 1),
            });
        }

        if (joins)
        {
            var whole = reader.Overview ?? pixels!;
            add(new(image.Name)
            {
                Image = tiled, IsWhole = true, Prepared = Prepared(whole, null, (double)width / whole.Width, (double)height / whole.Height),
            });
        }

        add(new(image.Name) { Image = tiled });
    }

    // Read once more: which image it is must be known before its first tile is compared.
    private string Identify(ImageInput image, TilingOptions tiling, CancellationToken cancellationToken)
    {
        using var rows = ImageReader.OpenRowsOfLarge(image, _settings.Input.Decoder, tiling)!;
        return ReferenceId.Of(rows, cancellationToken);
    }

    private static CoveredArea Seen(TileLayout layout, int column, int row)
    {
        var (across, down) = (layout.Across.Seen(column), layout.Down.Seen(row));
        return new(across.Start, down.Start, across.Length, down.Length);
    }

    private static CoveredArea Scaled(CoveredArea area, double x, double y) => new(area.X * x, area.Y * y, area.Width * x, area.Height * y);
}
