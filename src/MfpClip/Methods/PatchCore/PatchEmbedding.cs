namespace MfpClip.Methods.PatchCore;

/// <summary>From the maps of several stages of a CNN to one vector a patch (PatchCore, section 3.1); knows no network.</summary>
internal static class PatchEmbedding
{
    /// <summary>The vectors of all patches, image after image and row by row.</summary>
    /// <param name="maps">One a stage, <c>[B, C_s, h_s, w_s]</c>; the first decides the grid.</param>
    /// <param name="options">Checked before.</param>
    /// <returns><c>[B * h * w, D]</c>, float32, and the grid.</returns>
    public static (Tensor Vectors, int Rows, int Columns) Embed(IReadOnlyList<Tensor> maps, PatchCoreOptions options)
    {
        if (options.Embedding == PatchEmbeddingKind.AveragePooling)
        {
            return Average(maps, options.Neighbourhood);
        }

        using var scope = torch.NewDisposeScope();
        var (mapped, rows, columns) = MapToWidth(maps, options);
        return (Pool(mapped.reshape(mapped.shape[0], -1), options.Width).MoveToOuterDisposeScope(), rows, columns);
    }

    /// <summary>The neighbourhoods of each stage, averaged to the same width and resized to the grid of the first.</summary>
    /// <param name="maps">One a stage, <c>[B, C_s, h_s, w_s]</c>.</param>
    /// <param name="options">Checked before.</param>
    /// <returns><c>[B * h * w, stages, StageWidth]</c>, float32, and the grid.</returns>
    public static (Tensor Mapped, int Rows, int Columns) MapToWidth(IReadOnlyList<Tensor> maps, PatchCoreOptions options)
    {
        using var scope = torch.NewDisposeScope();
        long rows = 0, columns = 0, batch = maps[0].shape[0];
        var stages = new List<Tensor>();
        foreach (var map in maps)
        {
            var (patches, h, w) = Neighbourhoods(map, options.Neighbourhood, options.Stride);
            // The authors resize every channel and place of the neighbourhood, then average: both are linear, and this order has less to resize.
            var pooled = Pool(patches.reshape(batch * h * w, -1), options.StageWidth);
            if (stages.Count == 0)
            {
                (rows, columns) = (h, w);
            }
            else if (h != rows || w != columns)
            {
                var grid = pooled.view(batch, h, w, options.StageWidth).permute(0, 3, 1, 2);
                grid = F.interpolate(grid, [rows, columns], mode: torch.InterpolationMode.Bilinear, align_corners: false);
                pooled = grid.permute(0, 2, 3, 1).reshape(batch * rows * columns, options.StageWidth);
            }

            stages.Add(pooled);
        }

        return (torch.stack(stages, 1).MoveToOuterDisposeScope(), (int)rows, (int)columns);
    }

    /// <summary>The neighbourhood of every cell, zeros outside.</summary>
    /// <param name="map"><c>[B, C, h, w]</c>.</param>
    /// <param name="side">Of the neighbourhood.</param>
    /// <param name="stride">From one to the next.</param>
    /// <returns><c>[B, rows * columns, C, side, side]</c>, float32, and the grid.</returns>
    public static (Tensor Patches, int Rows, int Columns) Neighbourhoods(Tensor map, int side, int stride)
    {
        using var scope = torch.NewDisposeScope();
        int padding = (side - 1) / 2;
        var x = F.pad(map.to_type(ScalarType.Float32), [padding, padding, padding, padding]);
        var windows = x.unfold(2, side, stride).unfold(3, side, stride); // [B, C, h, w, side, side]
        var (rows, columns) = ((int)windows.shape[2], (int)windows.shape[3]);
        var patches = windows.permute(0, 2, 3, 1, 4, 5).reshape(map.shape[0], rows * columns, map.shape[1], side, side);
        return (patches.MoveToOuterDisposeScope(), rows, columns);
    }

    private static (Tensor Vectors, int Rows, int Columns) Average(IReadOnlyList<Tensor> maps, int side)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns) = (maps[0].shape[2], maps[0].shape[3]);
        var stages = maps.Select(m =>
        {
            var x = F.avg_pool2d(m.to_type(ScalarType.Float32), side, stride: 1, padding: side / 2, count_include_pad: true);
            return x.shape[2] == rows && x.shape[3] == columns ? x : F.interpolate(
                x, [rows, columns], mode: torch.InterpolationMode.Bilinear, align_corners: false);
        }).ToList();
        var joined = torch.cat(stages, 1);
        return (joined.permute(0, 2, 3, 1).reshape(-1, joined.shape[1]).MoveToOuterDisposeScope(), (int)rows, (int)columns);
    }

    // adaptive_avg_pool1d along the last axis
    private static Tensor Pool(Tensor x, int width) => F.adaptive_avg_pool1d(x.unsqueeze(1), width).squeeze(1);
}
