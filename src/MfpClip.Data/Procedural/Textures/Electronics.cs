using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Boards and cells seen from above.</summary>
internal static class Electronics
{
    /// <summary>Traces, pads, vias, chips and lettering on a board; at times bare, at times as a black and white scan.</summary>
    /// <remarks>
    /// The scan, and the cell that glows below, are ways of imaging that the list of this project's test data names (docs/procedural-data.md).
    /// </remarks>
    public static void CircuitBoard(Scene s)
    {
        var r = s.Random;
        bool scan = r.Chance(0.25f);
        var board = scan ? Rgb.Grey(r.Between(0.02f, 0.15f)) : r.Pick(new Rgb(0.08f, 0.33f, 0.16f), new Rgb(0.06f, 0.2f, 0.4f), new Rgb(0.1f, 0.1f, 0.11f),
            new Rgb(0.5f, 0.1f, 0.1f), new Rgb(0.62f, 0.48f, 0.25f), new Rgb(0.85f, 0.86f, 0.84f)).Vary(r, 0.15f);
        var copper = scan ? Rgb.Grey(r.Between(0.8f, 1)) : r.Chance(0.5f) ? Rgb.Mix(board, new Rgb(0.75f, 0.6f, 0.3f), r.Between(0.25f, 0.9f))
            : board * r.Between(1.3f, 1.9f);
        var metal = scan ? copper : r.Pick(new Rgb(0.8f, 0.65f, 0.35f), Rgb.Grey(0.72f), new Rgb(0.72f, 0.45f, 0.3f)).Vary(r, 0.1f);
        s.Base.Fill(board, scan ? 0 : r.Between(0.1f, 0.6f), 1);
        if (!scan)
        {
            s.Base.Tone(s.Fine, r.Between(0.01f, 0.07f));
            s.Base.Tone(s.Cloud, r.Between(0, 0.06f));
        }

        int cells = r.Count(7, 18);
        float cell = 1f / cells, half = cell * r.Between(0.09f, 0.24f);
        var trace = new Paint
        {
            Color = copper, Gloss = scan ? 0 : 0.4f, Height = scan ? 0 : half * 0.3f, Width = half, Profile = Profile.Soft, Grain = scan ? null : s.Fine,
            GrainAmount = 0.03f,
        };
        var pad = trace with { Color = metal, Gloss = scan ? 0 : r.Between(0.3f, 0.9f) };
        var hole = new Paint { Color = scan ? board : Rgb.Grey(0.05f), Gloss = 0, Height = scan ? 0 : -0.01f };
        var frame = new Frame(0, 0, 1, 0);
        Route(s, cells, cell, half, frame, trace, pad, hole);
        if (!scan)
        {
            for (int k = r.Below(6); k > 0; k--)
            {
                Component(s, cell, new(r.Next(), r.Next(), cell * r.Between(0.7f, 2), r.Below(4) * 0.25f), pad);
            }

            if (r.Chance(0.5f))
            {
                Prints.Add(s, r, new(r.Next(), r.Next(), r.Between(0.05f, 0.13f), r.Pick(0, 0.25f)), board.Luma > 0.5f ? Rgb.Grey(0.1f) : Rgb.Grey(0.9f));
            }
        }
    }

    // Walks on a lattice: straight runs, corners of 45 degrees, a pad at each end; no two walks share a node.
    private static void Route(Scene s, int cells, float cell, float half, Frame frame, Paint trace, Paint pad, Paint hole)
    {
        var r = s.Random;
        var taken = new bool[cells + 3, cells + 3];
        float radius = half * r.Between(1.6f, 2.4f), drill = r.Chance(0.6f) ? radius * r.Between(0.35f, 0.6f) : 0;
        bool square = r.Chance(0.25f);
        int favoured = r.Below(2) * 2;
        (int X, int Y)[] ways = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
        for (int tries = cells * cells / 2; tries > 0; tries--)
        {
            int x = r.Below(cells + 3), y = r.Below(cells + 3), way = r.Chance(0.7f) ? favoured + (4 * r.Below(2)) : r.Below(8);
            if (taken[x, y])
            {
                continue;
            }

            var nodes = new List<(int X, int Y)> { (x, y) };
            taken[x, y] = true;
            for (int steps = r.Count(1, cells); steps > 0; steps--)
            {
                int turn = r.Chance(0.22f) ? way + (r.Chance(0.5f) ? 1 : 7) : way;
                var (dx, dy) = ways[turn & 7];
                var (nx, ny) = (x + dx, y + dy);
                if (nx < 0 || ny < 0 || nx > cells + 2 || ny > cells + 2 || taken[nx, ny] || (dx != 0 && dy != 0 && taken[x, ny] && taken[nx, y]))
                {
                    break;
                }

                (x, y, way) = (nx, ny, turn & 7);
                taken[x, y] = true;
                nodes.Add((x, y));
            }

            float P(int v) => (v - 1) * cell;
            for (int k = 1; k < nodes.Count; k++)
            {
                var line = new Trace(P(nodes[k - 1].X), P(nodes[k - 1].Y), P(nodes[k].X), P(nodes[k].Y), half);
                s.Traces.Add(line);
                s.Add(new((line.Ax + line.Bx) / 2, (line.Ay + line.By) / 2, 1, 0), p =>
                    p.Fill(new Stroke((line.Ax - line.Bx) / 2, (line.Ay - line.By) / 2, (line.Bx - line.Ax) / 2, (line.By - line.Ay) / 2, half, half), trace));
            }

            foreach (var (ex, ey) in nodes.Count > 1 ? [nodes[0], nodes[^1]] : new[] { nodes[0] })
            {
                s.Add(frame with { X = P(ex), Y = P(ey) }, p =>
                {
                    if (square)
                    {
                        p.Fill(new Box(0, 0, radius, radius * 0.8f), pad);
                    }
                    else
                    {
                        p.Fill(new Circle(0, 0, radius), pad);
                    }

                    if (drill > 0)
                    {
                        p.Fill(new Circle(0, 0, drill), hole);
                    }
                }, removable: true);
            }
        }
    }

    private static void Component(Scene s, float cell, Frame frame, Paint pad)
    {
        var r = s.Random;
        var body = new Paint
        {
            Color = r.Pick(Rgb.Grey(0.08f), Rgb.Grey(0.1f), new Rgb(0.55f, 0.45f, 0.3f), Rgb.Grey(0.85f)), Gloss = 0.25f, Height = 0.25f, Width = 0.08f,
            Grain = s.Fine, GrainAmount = 0.04f,
        };
        bool chip = r.Chance(0.4f);
        int legs = r.Count(3, 6);
        float width = r.Between(0.35f, 0.6f);
        s.Add(frame, p =>
        {
            if (chip)
            {
                for (int k = 0; k < legs; k++)
                {
                    p.Fill(new Box(((k + 0.5f) * 1.6f / legs) - 0.8f, 0, 0.4f / legs, width + 0.22f), pad);
                }

                p.Fill(new Box(0, 0, 0.88f, width, 0.05f), body);
                p.Fill(new Circle(-0.7f, -width + 0.15f, 0.07f), body with { Color = body.Color * 0.5f, Height = 0.18f });
            }
            else
            {
                p.Fill(new Box(0, 0, 0.7f, 0.33f, 0.08f), pad);
                p.Fill(new Box(0, 0, 0.42f, 0.35f, 0.03f), body);
            }
        }, removable: true);
        if (chip && r.Chance(0.6f))
        {
            Prints.Add(s, r, frame.Inner(0, 0, 0.55f, 0), Rgb.Grey(body.Color.Luma > 0.5f ? 0.2f : 0.7f));
        }
    }

    /// <summary>Crystal, fine fingers and wide bars; in daylight blue, or grey as its own glow shows it.</summary>
    public static void SolarCell(Scene s)
    {
        var r = s.Random;
        bool glow = r.Chance(0.4f), crystals = r.Chance(0.5f);
        var color = glow ? Rgb.Grey(r.Between(0.4f, 0.8f)) : new Rgb(0.08f, 0.12f, r.Between(0.22f, 0.42f)).Vary(r, 0.25f);
        s.Base.Fill(color, glow ? 0 : r.Between(0.1f, 0.6f), 1);
        if (crystals)
        {
            var (edge, _, id) = Patterns.Voronoi(s.Arena, s.Coordinates(r.Between(5, 16), r.Next(), 0.8f), (uint)r.Bits(), 1);
            s.Base.Tone(id.Scale(1, -0.5f), r.Between(0.1f, 0.6f));
            s.Base.Tone(edge.Step(0.06f, 0), r.Between(-0.3f, 0.1f));
        }

        s.Base.Tone(s.Cloud, r.Between(0.02f, glow ? 0.18f : 0.06f));
        s.Base.Tone(s.Fine, r.Between(0.01f, 0.08f));
        int turned = r.Below(2);
        var line = glow ? color * r.Between(0.5f, 0.85f) : Rgb.Grey(r.Between(0.5f, 0.85f));
        float fingers = r.Between(16, 60);
        s.Base.Blend(Patterns.Stripes(s.Arena, s.Coordinates(fingers, turned * 0.25f), r.Between(0.08f, 0.2f)), line, r.Between(0.25f, 0.7f));
        var bar = new Paint
        {
            Color = glow ? color * 0.3f : Rgb.Grey(r.Between(0.6f, 0.85f)), Gloss = glow ? 0 : 0.5f, Height = glow ? 0 : 0.004f, Grain = s.Fine,
            GrainAmount = 0.04f,
        };
        int bars = r.Count(2, 5);
        float half = r.Between(0.006f, 0.02f), offset = r.Between(-0.1f, 0.1f);
        for (int k = 0; k < bars; k++)
        {
            float at = ((k + 0.5f) / bars) + offset;
            var frame = turned == 1 ? new Frame(at, 0.5f, 1, 0) : new Frame(0.5f, at, 1, 0.25f);
            s.Add(frame, p => p.Fill(new Box(0, 0, half, 0.6f), bar));
            s.Traces.Add(turned == 1 ? new(at, 0, at, 1, half) : new(0, at, 1, at, half));
        }

        if (r.Chance(0.5f))
        {
            // The rim of the cell, its corners cut.
            float side = r.Between(0.44f, 0.49f), corner = r.Chance(0.5f) ? r.Between(0.03f, 0.1f) : 0.003f;
            var rim = glow ? Rgb.Grey(0.04f) : Rgb.Grey(r.Between(0.75f, 0.95f));
            s.Add(new(0.5f, 0.5f, 1, 0), p =>
                p.Fill(new Cut<Box, Box>(new(0, 0, 0.8f, 0.8f), new(0, 0, side, side, corner)), new() { Color = rim, Gloss = 0.1f }));
        }
    }
}
